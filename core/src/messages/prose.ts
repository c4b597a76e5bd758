import { printable } from '../signals/printable.ts'
import { code, given } from './build.ts'
import type { Inline } from './document.ts'
import { cut, PROSE_LIMITS } from './shown-value.ts'

const CODE = /`([^`]+)`/

/** Title, message or advice of a rule, in one line, fit to be shown. */
export function proseText(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return printable(cut(lines.filter((line) => line !== '').join(' '), PROSE_LIMITS.text))
}

/** The same with what stands between backticks as code. Whoever puts a backtick there changes how it looks; it is still text. */
export function proseInlines(text: string): Inline[] {
  // Every other part was between backticks.
  return proseText(text)
    .split(CODE)
    .flatMap((part, i): Inline[] => (part === '' ? [] : [i % 2 === 1 ? code(given(part)) : given(part)]))
}
