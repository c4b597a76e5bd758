const NS_PER_S = 1_000_000_000n

/** The second that was written last: what happens at one time has several times, and files have two of one. */
let lastSecond = -1n
let lastText = ''

/** RFC 3339 in UTC with nanoseconds. */
export function rfc3339(ns: bigint): string {
  const second = ns / NS_PER_S
  if (second !== lastSecond) {
    lastText = new Date(Number(second) * 1000).toISOString().slice(0, 19)
    lastSecond = second
  }
  return `${lastText}.${String(ns - second * NS_PER_S).padStart(9, '0')}Z`
}
