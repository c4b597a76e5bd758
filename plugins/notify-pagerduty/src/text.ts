import { type Block, type Document, defang, type Inline, printable, type Text } from '@cws/core'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** At most so many UTF-16 units, cut at the end of a character as people see it; `…(+n)` tells how many are missing, `more` of them already. */
export function cut(text: string, max: number, more = 0): string {
  if (text.length <= max && more === 0) return text
  // Room for the mark.
  const room = Math.max(0, max - `…(+${text.length + more})`.length)
  let end = 0
  // What is far longer than a page need not be segmented as a whole.
  for (const { index, segment } of segmenter.segment(text.slice(0, room + 64))) {
    if (index + segment.length > room) break
    end = index + segment.length
  }
  return `${text.slice(0, end)}…(+${text.length - end + more})`
}

/** One line without anything that acts: what is invisible is shown, links are broken. */
export function harmless(text: string): string {
  return defang(printable(text))
}

/** The same, of at most so many UTF-16 units. What is many times longer is not looked at: it grows by being made harmless, it never shrinks. */
export function shortHarmless(text: string, max: number): string {
  return cut(harmless(text.slice(0, max)), max, Math.max(0, text.length - max))
}

/**
 * A message as plain text, for PagerDuty draws no mark-up but makes links of what looks like one: only what the author of the template
 * wrote stays one.
 */
export function plainText(document: Document): string {
  return document.map(ofBlock).join('\n\n')
}

function ofBlock(block: Block): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return ofInlines(block.children)
    case 'code':
      return drawn(block.children)
    case 'quote':
      return indented(plainText(block.children), '> ', '> ')
    case 'list':
      return block.items
        .map((item, i) => (block.ordered ? `${i + 1}. ` : '- ') + indented(plainText(item), '', block.ordered ? '   ' : '  '))
        .join('\n')
  }
}

type Piece = Pick<Text, 'text' | 'value'> | { readonly url: string }

function ofInlines(children: readonly Inline[]): string {
  return drawn(children.flatMap(piecesOf))
}

function piecesOf(inline: Inline): readonly Piece[] {
  switch (inline.type) {
    case 'text':
      return [inline]
    case 'code':
      return [own('`'), ...inline.children, own('`')]
    case 'break':
      return [own('\n')]
    case 'mention':
      return []
    case 'link':
      // `URL` ends each origin with a slash, so that nothing behind it can lengthen the name of the host.
      return [...inline.children.flatMap(piecesOf), own(' ('), { url: new URL(inline.url).href }, own(')')]
    default:
      return inline.children.flatMap(piecesOf)
  }
}

const own = (text: string): Piece => ({ text, value: false })

/**
 * The pieces as one text. Links are broken in values, and in words of the author that touch a value: two harmless texts may be a link together.
 */
function drawn(pieces: readonly Piece[]): string {
  let out = ''
  /** What is not known to be harmless yet. */
  let open = ''
  let touches = false
  const close = (): void => {
    out += touches ? harmlessLines(open) : printableLines(open)
    open = ''
    touches = false
  }
  for (const piece of pieces) {
    if ('url' in piece) {
      close()
      out += piece.url
    } else if (piece.value) {
      open += piece.text
      touches = true
    } else {
      if (/\s$/.test(open)) close()
      const [first = '', ...rest] = piece.text.split(/(?<=\s)/)
      open += first
      for (const word of rest) {
        close()
        open = word
      }
      if (/\s$/.test(open)) close()
    }
  }
  close()
  return out
}

const onLines = (change: (line: string) => string) => (text: string) => text.split('\n').map(change).join('\n')
const harmlessLines = onLines(harmless)
const printableLines = onLines(printable)

function indented(text: string, first: string, rest: string): string {
  return text
    .split('\n')
    .map((line, i) => (i === 0 ? first : rest) + line)
    .join('\n')
}
