import { UNKNOWN } from '../model/unknown.ts'
import { printable } from '../signals/printable.ts'
import type { Limits, Value } from './value.ts'

/** Limits of most values. */
export const FIELD_LIMITS: Limits = { text: 512, whole: 2048 }
/** Of arguments, one and all. */
export const ARGUMENT_LIMITS: Limits = { text: 256, whole: 2048 }
/** Of what rules say: title, message, advice. */
export const PROSE_LIMITS: Limits = { text: 4096, whole: 4096 }
/** Elements of a list that are looked at. */
const MAX_ELEMENTS = 256
/** Longest grapheme that is kept whole where a text is cut. Characters. */
const MAX_GRAPHEME = 32

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** A value as text to be shown: bounded, with what is invisible or controlling made visible. UNKNOWN is `(unknown)`, a list is parted by commas. */
export function shownValue(value: Value, limits: Limits = FIELD_LIMITS): string {
  if (!Array.isArray(value)) return shownText(textOf(value), limits.text)
  const shown: string[] = []
  let length = 0
  for (const element of value.slice(0, MAX_ELEMENTS)) {
    const text = shownText(Array.isArray(element) ? element.map(textOf).join(' ') : textOf(element), limits.text)
    if (length + text.length > limits.whole) break
    length += text.length + 2
    shown.push(text)
  }
  if (shown.length < value.length) shown.push(`…(+${value.length - shown.length})`)
  return shown.join(', ')
}

/** A value as text, whole and as it is. */
export function textOf(value: Value): string {
  if (value === UNKNOWN) return '(unknown)'
  return Array.isArray(value) ? value.map(textOf).join(', ') : String(value)
}

/** A value of a signal as values of templates are: what is none of those is UNKNOWN. */
export function toldValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(toldValue)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? value : UNKNOWN
}

/** Text to be shown of text that anybody may have chosen, at most so many characters of it. */
export function shownText(text: string, limit: number): string {
  return printable(cut(text, limit))
}

/** At most so many characters, cut between graphemes; what is cut ends with `…(+n)`. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const from = Math.max(0, limit - MAX_GRAPHEME)
  const last = graphemes.segment(text.slice(from, limit + MAX_GRAPHEME)).containing(limit - from)
  let end = last && last.index > 0 ? from + last.index : limit
  if (isLow(text.charCodeAt(end)) && isHigh(text.charCodeAt(end - 1))) end--
  return `${text.slice(0, end)}…(+${text.length - end})`
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000
