import type { Block, Document, Inline } from './document.ts'

/**
 * A document as plain text, for mail, terminals and summaries: paragraphs wrapped at `width` characters (not at all if absent), code indented,
 * a link as its text with the URL behind. Ends without a line feed.
 */
export function renderPlain(document: Document, width?: number): string {
  return linesOf(document, width).join('\n')
}

function linesOf(document: Document, width: number | undefined): string[] {
  const lines: string[] = []
  for (const block of document) {
    if (lines.length > 0) lines.push('')
    for (const line of blockLines(block, width)) lines.push(line)
  }
  return lines
}

function blockLines(block: Block, width: number | undefined): string[] {
  switch (block.type) {
    case 'paragraph':
      return wrapped(textOf(block.children), width)
    case 'heading': {
      const text = wrapped(textOf(block.children), width)
      const longest = Math.max(...text.map((line) => line.length))
      return block.level > 2 ? text : [...text, (block.level === 1 ? '=' : '-').repeat(longest)]
    }
    case 'code':
      return block.children
        .map(({ text }) => text)
        .join('')
        .split('\n')
        .map((line) => `    ${line}`)
    case 'list': {
      const marks = block.items.map((_, i) => (block.ordered ? `${i + 1}. ` : '- '))
      return block.items.flatMap((item, i) => indented(item, marks[i] as string, width))
    }
    case 'quote':
      return linesOf(block.children, narrower(width, 2)).map((line) => (line === '' ? '>' : `> ${line}`))
  }
}

function indented(item: Document, mark: string, width: number | undefined): string[] {
  const lines = linesOf(item, narrower(width, mark.length))
  const indent = ' '.repeat(mark.length)
  return (lines.length > 0 ? lines : ['']).map((line, i) => (i === 0 ? mark : line === '' ? '' : indent) + line)
}

const narrower = (width: number | undefined, by: number): number | undefined => (width === undefined ? undefined : Math.max(20, width - by))

function textOf(inlines: readonly Inline[]): string {
  return inlines.map(inlineText).join('')
}

function inlineText(inline: Inline): string {
  switch (inline.type) {
    case 'text':
      return inline.text
    case 'break':
      return '\n'
    case 'mention':
      return ''
    case 'link': {
      const text = textOf(inline.children)
      return text === inline.url ? text : `${text} (${inline.url})`
    }
    default:
      return textOf(inline.children)
  }
}

/** Words longer than a line stay whole: who copies a path or a URL wants all of it. */
function wrapped(text: string, width: number | undefined): string[] {
  return text.split('\n').flatMap((line) => {
    if (width === undefined || line.length <= width) return [line.trimEnd()]
    const lines: string[] = []
    let current = ''
    for (const word of line.split(' ')) {
      if (current !== '' && current.length + 1 + word.length > width) {
        lines.push(current.trimEnd())
        current = word
      } else current = current === '' ? word : `${current} ${word}`
    }
    return [...lines, current.trimEnd()]
  })
}
