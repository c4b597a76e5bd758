import { shownText } from '@cws/core'

/** A field of the header: printable ASCII without space, at most so many characters; what is other becomes `_`, what is empty the nil value. */
export function headerField(text: string, max: number): string {
  return text.slice(0, max).replace(/[^!-~]/g, '_') || '-'
}

/** HOSTNAME has what names and addresses of hosts have and nothing else: syslog-ng takes a record with another character there for none. */
export function hostName(name: string, max: number): string {
  return headerField(name.replace(/[^\w.:-]/g, '_'), max)
}

/** A time as RFC 5424 §6.2.3 has it: of fractions six digits at most. The nil value for what is none. */
export function timestamp(time: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*Z$/.exec(time)
  return match ? `${match[1]}${match[2] ?? ''}Z` : '-'
}

export type Parameter = readonly [name: string, value: string]

/** Structured data of one element, with as many of the parameters, in their order, as there is room for. */
export function structuredData(id: string, parameters: readonly Parameter[], maxBytes: number): string {
  let data = `[${id}`
  let left = maxBytes - data.length - 1
  for (const [name, value] of parameters) {
    const parameter = ` ${name}="${escaped(value)}"`
    const bytes = Buffer.byteLength(parameter)
    if (bytes > left) continue
    left -= bytes
    data += parameter
  }
  return `${data}]`
}

/** These three and no others (RFC 5424 §6.3.3). */
function escaped(value: string): string {
  return value.replace(/[\\"\]]/g, '\\$&')
}

/** A value that anybody may have chosen. */
export const shown = (value: string, limit = 256): string => shownText(value, limit).toWellFormed()

/** At most so many bytes of UTF-8, cut between characters; what is cut ends with `…(+n bytes)`. */
export function cutBytes(text: string, max: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= max) return text
  const room = Math.max(0, max - Buffer.byteLength(mark(bytes.length)))
  let end = room
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end) + mark(bytes.length - end)
}

const mark = (bytes: number): string => `…(+${bytes} bytes)`
