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

/** The values as they are if their JSON is small enough, else with long texts and lists cut; cut texts end with `…(+n)`. */
export function bounded(values: Values, maxBytes = MAX_EVENT_BYTES): { readonly values: Values; readonly truncated: boolean } {
  if (mostBytesOf(values) <= maxBytes || bytesOf(values) <= maxBytes) return { values, truncated: false }
  let cut = values
  for (const [texts, elements] of LIMITS) {
    cut = shorten(values, texts, elements) as Values
    if (bytesOf(cut) <= maxBytes) break
  }
  return { values: cut, truncated: true }
}

function bytesOf(values: Values): number {
  return Buffer.byteLength(escapeInvisible(JSON.stringify(values)))
}

/** What the JSON takes at most: every character as an escape of six. Without making it, which costs more than the rest of a signal. */
function mostBytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 6 + 2
  if (typeof value !== 'object' || value === null) return 24
  let sum = 2
  for (const name in value) sum += (Array.isArray(value) ? 1 : name.length * 6 + 4) + mostBytesOf((value as Values)[name])
  return sum
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
