import { type Block, type Document, defang, type Inline, printable, type Text } from '@cws/core'

/**
 * A document as a mail shows it: what cannot be seen is made visible but for the author's line ends, what an attacker may have chosen is no address that a mail
 * program would make a link of, and after so many characters the rest is left out, which a last paragraph says.
 */
export function prepared(document: Document, characters: number): Document {
  const left = { characters, cut: false }
  const blocks = blocksWithin(document, left)
  if (!left.cut) return blocks
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
  const whole = shown(text)
  left.cut ||= whole.length > left.characters
  const kept = shortened(whole, left.characters)
  left.characters -= kept.length
  return { ...text, text: kept }
}

function shown({ text, value }: Text): string {
  if (value) return defang(printable(text))
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll('\t', '    ')))
    .join('\n')
}

/** Text of at most so many UTF-16 units, `…` at the end of what is cut; never half a character. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}
