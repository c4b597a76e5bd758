import type { Block, Document, Inline } from '@cws/core'
import { isWeb, textOf } from './rich-text.ts'

/** A document as text without any mark-up, for places where Slack parses none. Mentions are not in it. */
export function plain(document: Document): string {
  return document
    .map(plainBlock)
    .filter((text) => text !== '')
    .join('\n')
}

function plainBlock(block: Block): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return block.children.map(plainInline).join('')
    case 'code':
      return textOf(block.children)
    case 'quote':
      return indented('> ', plain(block.children))
    case 'list':
      return block.items.map((item, i) => indented(block.ordered ? `${i + 1}. ` : '• ', plain(item))).join('\n')
  }
}

function plainInline(inline: Inline): string {
  if (inline.type !== 'link') return textOf([inline])
  const label = textOf(inline.children)
  return !isWeb(inline.url) || label === inline.url ? label : `${label} (${inline.url})`
}

/** Marks the first line; a quote's mark stands on each. */
function indented(mark: string, text: string): string {
  const rest = mark === '> ' ? mark : ' '.repeat(mark.length)
  return mark + text.replaceAll('\n', `\n${rest}`)
}

/** Every mention that stands in a document. */
export function mentionsIn(document: Document): Extract<Inline, { type: 'mention' }>[] {
  const inInlines = (children: readonly Inline[]): Extract<Inline, { type: 'mention' }>[] =>
    children.flatMap((it) => {
      if (it.type === 'mention') return [it]
      return it.type === 'emphasis' || it.type === 'strong' ? inInlines(it.children) : []
    })
  return document.flatMap((block) => {
    if (block.type === 'paragraph' || block.type === 'heading') return inInlines(block.children)
    if (block.type === 'quote') return mentionsIn(block.children)
    return block.type === 'list' ? block.items.flatMap(mentionsIn) : []
  })
}
