import type { Look, RichTextBlock, Spacing, TextRun } from './elements.ts'

/**
 * Where a text is parted: Teams puts a date for `{{DATE(…)}}` and `{{TIME(…)}}`, and people for `<at>…</at>`. No run has the whole of such a beginning,
 * and the reader sees no difference.
 */
const APART = /(?<=\{)(?=\{(?:DATE|TIME)\()|(?<=<)(?=\/?at\b)/i

/** A text as runs in which nothing acts. Line feeds stay in them. */
export function runs(text: string, look: Look = {}, more: Pick<TextRun, 'selectAction'> = {}): TextRun[] {
  return text
    .toWellFormed()
    .split(APART)
    .filter((part) => part !== '')
    .map((part) => ({ type: 'TextRun', text: part, ...look, ...more }))
}

/** Each line a block of its own, for not every client breaks lines inside of one. What follows the first stands close. */
export function blocks(all: readonly TextRun[], first: string, rest: string, spacing?: Spacing): RichTextBlock[] {
  return linesOf(all).map((line, i) => {
    const mark = i === 0 ? first : rest
    const gap = i === 0 ? spacing : 'None'
    return {
      type: 'RichTextBlock',
      inlines: [...(mark === '' ? [] : runs(mark)), ...line],
      ...(gap !== undefined && { spacing: gap }),
    }
  })
}

function linesOf(all: readonly TextRun[]): TextRun[][] {
  const lines: TextRun[][] = [[]]
  for (const run of all)
    for (const [i, text] of run.text.split('\n').entries()) {
      if (i > 0) lines.push([])
      if (text !== '') lines.at(-1)?.push({ ...run, text })
    }
  return lines.filter((line) => line.length > 0)
}

/** Spaces that are kept: clients draw several as one, and none at the beginning of a line. */
export function keptSpaces(text: string): string {
  return text.replace(/^ | (?= )/gm, '\u00a0')
}
