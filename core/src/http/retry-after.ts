const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Milliseconds that `Retry-After` (RFC 9110 §10.2.3: seconds or a date) asks to wait; undefined if it is absent, past or nonsense. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000)
  if (!IMF_FIXDATE.test(text)) return undefined
  const wait = Date.parse(text) - now
  return wait >= 0 ? wait : undefined
}
