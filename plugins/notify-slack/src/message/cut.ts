import { escapedLength, fits, lengthAt } from './escape.ts'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Of a character with more combining marks than this only a part is kept. */
const LONGEST_GRAPHEME = 64

/** The longest beginning of a text that is at most `limit` long after escaping and ends with a whole character. */
export function beginning(text: string, limit: number): string {
  if (fits(text, limit)) return text
  let end = 0
  for (let length = lengthAt(text, 0); length <= limit; length += lengthAt(text, end)) end++
  const start = Math.max(0, end - LONGEST_GRAPHEME)
  const at = graphemes.segment(text.slice(start, end + LONGEST_GRAPHEME)).containing(end - start)
  const whole = at && at.index > 0 ? start + at.index : end
  return text.slice(0, isHalf(text, whole) ? whole - 1 : whole)
}

/** A text of at most `limit` after escaping; what is left out is counted at its end. */
export function shorten(text: string, limit: number): string {
  if (fits(text, limit)) return text
  const kept = beginning(text, limit - 12)
  return `${kept}…(+${text.length - kept.length})`
}

/** Whether a cut there would part a surrogate pair. */
function isHalf(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1)
  const after = text.charCodeAt(index)
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000
}

/** Room for text, used up as it is taken. */
export class Budget {
  #left: number
  /** Characters that had no room. */
  lost = 0

  constructor(limit: number) {
    this.#left = limit
  }

  /** As much of a text as there is room for. Once something had none, nothing more is taken: no later word may look as if it followed. */
  take(text: string): string {
    const kept = this.lost > 0 ? '' : beginning(text, this.#left)
    this.#left -= escapedLength(kept)
    this.lost += text.length - kept.length
    return kept
  }

  /** Room for what is not text. False if there is none. */
  spend(cost: number): boolean {
    if (this.lost > 0 || cost > this.#left) return false
    this.#left -= cost
    return true
  }
}
