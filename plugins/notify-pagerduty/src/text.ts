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
 * A message as plain text, for PagerDuty draws no mark-up but makes links of what looks like one: only the links that the author of the template
 * made stay whole.
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
      return lines(block.children)
    case 'quote':
      return indented(plainText(block.children), '> ', '> ')
    case 'list':
      return block.items
        .map((item, i) => (block.ordered ? `${i + 1}. ` : '- ') + indented(plainText(item), '', block.ordered ? '   ' : '  '))
        .join('\n')
  }
}

/** What stands between links is taken as one text: two harmless texts may be a link together. */
function ofInlines(children: readonly Inline[]): string {
  const parts: string[] = ['']
  collect(children, parts)
  return parts.map((part, i) => (i % 2 === 0 ? harmlessLines(part) : part)).join('')
}

/** Texts at even places, URLs of the author at odd ones. */
function collect(children: readonly Inline[], parts: string[]): void {
  for (const child of children)
    switch (child.type) {
      case 'text':
        parts[parts.length - 1] += child.text
        break
      case 'code':
        parts[parts.length - 1] += `\`${child.children.map(({ text }) => text).join('')}\``
        break
      case 'break':
        parts[parts.length - 1] += '\n'
        break
      case 'link':
        collect(child.children, parts)
        // `URL` ends each origin with a slash, so that nothing behind it can lengthen the name of the host.
        parts[parts.length - 1] += ' ('
        parts.push(new URL(child.url).href, ')')
        break
      case 'mention':
        break
      default:
        collect(child.children, parts)
    }
}

const lines = (children: readonly Text[]): string => harmlessLines(children.map(({ text }) => text).join(''))

const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n')

function indented(text: string, first: string, rest: string): string {
  return text
    .split('\n')
    .map((line, i) => (i === 0 ? first : rest) + line)
    .join('\n')
}
