/** Hours of the day in which nobody is woken: `[from, to)` by the clock on the wall of a zone, over midnight if `to` is before `from`. */
export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number
  readonly to: number
  /** IANA name of the time zone. */
  readonly zone: string
  /** Rank of the severity from which on it is told all the same. */
  readonly except?: number | undefined
}

const MINUTE = 60_000
const DAY = 1_440

/** Minutes since midnight of `22:00`; undefined if it is no time of the day. */
export function minutesOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes)
}

/** Whether there is such a time zone. */
export function isZone(zone: string): boolean {
  try {
    clockOf(zone)
    return true
  } catch {
    return false
  }
}

/**
 * The end of the quiet hours that hold at `time`, ms since the epoch; undefined: none do. Where the clock is set back, an hour that comes twice is
 * quiet twice; where it is set forward, they end with the first instant that is not in them.
 */
export function quietUntil({ from, to, zone }: QuietHours, time: number): number | undefined {
  const isQuiet = (at: number): boolean => {
    const minute = minuteOf(zone, at)
    return from <= to ? minute >= from && minute < to : minute >= from || minute < to
  }
  if (!isQuiet(time)) return undefined
  let end = time - (time % MINUTE)
  // By the clock on the wall; when that is set meanwhile, a second look is needed.
  for (let look = 0; look < 4 && isQuiet(end); look++) end += ((to - minuteOf(zone, end) + DAY) % DAY || DAY) * MINUTE
  while (end - MINUTE > time && !isQuiet(end - MINUTE)) end -= MINUTE
  return end
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known) return known
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  clocks.set(zone, clock)
  return clock
}

function minuteOf(zone: string, time: number): number {
  // `22:05`: en-GB with h23 has two digits each.
  const text = clockOf(zone).format(time)
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))
}
