import type { Document, Inline } from './document.ts'

/** The text of inlines, one line, without mark-up. Links are their text alone, mentions nothing. */
export function plainOf(inlines: readonly Inline[]): string {
  return inlines.map(plainInline).join('')
}

function plainInline(inline: Inline): string {
  switch (inline.type) {
    case 'text':
      return inline.text
    case 'break':
      return ' '
    case 'mention':
      return ''
    default:
      return plainOf(inline.children)
  }
}

/** Characters of text that a document holds, links with their URLs. */
export function lengthOf(document: Document): number {
  let length = 0
  for (const block of document) {
    if (block.type === 'list') for (const item of block.items) length += lengthOf(item)
    else if (block.type === 'quote') length += lengthOf(block.children)
    else length += inlineLength(block.children)
  }
  return length
}

function inlineLength(inlines: readonly Inline[]): number {
  let length = 0
  for (const inline of inlines) {
    if (inline.type === 'text') length += inline.text.length
    else if (inline.type === 'mention') length += inline.id.length
    else if (inline.type === 'break') length++
    else length += inlineLength(inline.children) + (inline.type === 'link' ? inline.url.length : 0)
  }
  return length
}
