import type { Block, Document, Inline, Text } from '@cws/core'

/** A document of at most so many characters of text: what comes later is left out, and a paragraph at the end says so. */
export function cut(document: Document, characters: number): Document {
  const left = { characters, cut: false }
  const blocks = blocksWithin(document, left)
  if (!left.cut) return document
  return [
    ...blocks,
    { type: 'paragraph', children: [{ type: 'text', text: '(The rest is left out: it was too long for a mail.)', value: false }] },
  ]
}

/** What may still be said. */
interface Left {
  characters: number
  cut: boolean
}

function blocksWithin(document: Document, left: Left): Block[] {
  return some(document, left, (block) => {
    switch (block.type) {
      case 'paragraph':
      case 'heading':
        return { ...block, children: inlinesWithin(block.children, left) }
      case 'code':
        return { ...block, children: some(block.children, left, (text) => textWithin(text, left)) }
      case 'quote':
        return { ...block, children: blocksWithin(block.children, left) }
      case 'list':
        return { ...block, items: some(block.items, left, (item) => blocksWithin(item, left)) }
    }
  })
}

function inlinesWithin(inlines: readonly Inline[], left: Left): Inline[] {
  return some(inlines, left, (inline): Inline => {
    switch (inline.type) {
      case 'text':
        return textWithin(inline, left)
      case 'code':
        return { ...inline, children: some(inline.children, left, (text) => textWithin(text, left)) }
      case 'emphasis':
      case 'strong':
      case 'link':
        return { ...inline, children: inlinesWithin(inline.children, left) }
      case 'mention':
      case 'break':
        left.characters--
        return inline
    }
  })
}

function some<T>(parts: readonly T[], left: Left, within: (part: T) => T): T[] {
  const kept: T[] = []
  for (const part of parts) {
    if (left.cut || left.characters <= 0) {
      left.cut = true
      break
    }
    kept.push(within(part))
  }
  return kept
}

function textWithin(text: Text, left: Left): Text {
  if (text.text.length <= left.characters) {
    left.characters -= text.text.length
    return text
  }
  left.cut = true
  return { ...text, text: shortened(text.text, left.characters) }
}

/** Text of at most so many UTF-16 units, `…` at the end of what is cut; never half a character. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}
