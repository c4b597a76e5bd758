import { type Block, type Document, defang, type Inline, printable, type Text } from '@cws/core'

/**
 * A document as a mail shows it: what cannot be seen is made visible but for the author's line ends, and what an attacker may have chosen is no address
 * that a mail program would make a link of.
 */
export function prepared(document: Document): Document {
  return document.map(block)
}

function block(part: Block): Block {
  switch (part.type) {
    case 'paragraph':
    case 'heading':
      return { ...part, children: part.children.map(inline) }
    case 'code':
      return { ...part, children: part.children.map(shown) }
    case 'quote':
      return { ...part, children: prepared(part.children) }
    case 'list':
      return { ...part, items: part.items.map(prepared) }
  }
}

function inline(part: Inline): Inline {
  switch (part.type) {
    case 'text':
      return shown(part)
    case 'code':
      return { ...part, children: part.children.map(shown) }
    case 'emphasis':
    case 'strong':
    case 'link':
      return { ...part, children: part.children.map(inline) }
    case 'mention':
    case 'break':
      return part
  }
}

function shown(part: Text): Text {
  const { text, value } = part
  if (value) return { ...part, text: defang(printable(text)) }
  const lines = text.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '    ')))
  return { ...part, text: lines.join('\n') }
}
