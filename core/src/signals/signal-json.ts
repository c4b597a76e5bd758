import { parseExact } from '../model/exact-json.ts'
import { escapeInvisible } from './printable.ts'
import type { Signal } from './signal.ts'

/** The JSON line of a signal with what could fool a terminal escaped; JSON itself escapes C0 and lone surrogates alone. */
export function safeLine(json: string): string {
  return escapeInvisible(json)
}

/** Reads a stored line. Integers beyond 2^53 stay raw JSON numbers, so that the signal can be written again without loss. */
export function decodeSignal(line: string): Signal {
  const { kind: _, ...signal } = parseExact(line) as Signal & { readonly kind: string }
  return signal
}

/** The line of a signal that was read: `decodeSignal` backwards. */
export function encodeSignal(signal: Signal): string {
  return safeLine(JSON.stringify({ kind: 'signal', ...signal }))
}
