import { escapeInvisible } from './printable.ts'
import type { Signal } from './signal.ts'

/** The JSON line of a signal: what stdout shows, what is stored, what a webhook's receiver gets. Text, because int64 numbers do not survive a structured clone. */
export function encodeSignal(signal: Signal): string {
  return JSON.stringify({ kind: 'signal', ...signal })
}

/** The same line with what could fool a terminal escaped; JSON itself escapes C0 and lone surrogates alone. */
export function safeLine(json: string): string {
  return escapeInvisible(json)
}

const LONG_INTEGER = /[:,[]-?\d{16}/

type WithSource = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const json = JSON as unknown as { rawJSON(text: string): unknown; parse(text: string, reviver: WithSource): unknown }

/** Reads a stored line. Integers beyond 2^53 stay raw JSON numbers, so that the signal can be written again without loss. */
export function decodeSignal(line: string): Signal {
  const parsed = LONG_INTEGER.test(line) ? json.parse(line, keepLongIntegers) : JSON.parse(line)
  const { kind: _, ...signal } = parsed as Signal & { readonly kind: string }
  return signal
}

function keepLongIntegers(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? json.rawJSON(source)
    : value
}
