import { escapeInvisible } from './printable.ts'

/** Bytes of JSON that the event of a signal may take: receivers refuse large bodies, and whoever chooses arguments could use that to be overheard. */
export const MAX_EVENT_BYTES = 192 * 1024
/** Longest text in characters and longest list, tried in this order. */
const LIMITS = [
  [4096, 256],
  [512, 64],
  [64, 16],
] as const

type Values = Readonly<Record<string, unknown>>

/** Whether JSON is small enough as it will be told, with what could fool a reader escaped. */
export function fits(json: string, maxBytes = MAX_EVENT_BYTES): boolean {
  // At most six bytes a character.
  return json.length * 6 <= maxBytes || Buffer.byteLength(escapeInvisible(json)) <= maxBytes
}

/** The values with long texts and lists cut until their JSON fits; cut texts end with `…(+n)`. */
export function bounded(values: Values, maxBytes = MAX_EVENT_BYTES): Values {
  let cut = values
  for (const [texts, elements] of LIMITS) {
    cut = shorten(values, texts, elements) as Values
    if (fits(JSON.stringify(cut), maxBytes)) break
  }
  return cut
}

const isRaw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON

function shorten(value: unknown, texts: number, elements: number): unknown {
  if (typeof value === 'string') return value.length > texts ? `${value.slice(0, texts)}…(+${value.length - texts})` : value
  if (Array.isArray(value)) {
    const kept = value.slice(0, elements).map((element) => shorten(element, texts, elements))
    return value.length > elements && typeof value[0] === 'string' ? [...kept, `…(+${value.length - elements})`] : kept
  }
  if (typeof value !== 'object' || value === null || isRaw(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner, texts, elements)]))
}
