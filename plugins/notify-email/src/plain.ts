import type { Block, Document, Inline, Text } from '@cws/core'
import { shown } from './shown.ts'

/** A document as plain text, with blank lines between its blocks. */
export function plainText(document: Document): string {
  return document.map(block).join('\n\n')
}

function block(part: Block): string {
  switch (part.type) {
    case 'paragraph':
      return inlines(part.children)
    case 'heading':
      return part.level <= 2 ? `${inlines(part.children)}\n${'-'.repeat(20)}` : inlines(part.children)
    case 'code':
      return indented(texts(part.children), '    ')
    case 'quote':
      return indented(plainText(part.children), '> ')
    case 'list':
      return part.items.map((item, i) => listItem(part.ordered ? `${i + 1}. ` : '- ', item)).join('\n')
  }
}

function listItem(mark: string, item: Document): string {
  return mark + indented(plainText(item), ' '.repeat(mark.length)).slice(mark.length)
}

function inlines(parts: readonly Inline[]): string {
  return parts.map(inline).join('')
}

function inline(part: Inline): string {
  switch (part.type) {
    case 'text':
      return shown(part)
    case 'code':
      return texts(part.children)
    case 'emphasis':
    case 'strong':
      return inlines(part.children)
    case 'link': {
      const label = inlines(part.children)
      return label === part.url ? label : `${label} <${part.url}>`
    }
    case 'break':
      return '\n'
    // Nobody can be called in a mail but who gets it.
    case 'mention':
      return ''
  }
}

function texts(parts: readonly Text[]): string {
  return parts.map(shown).join('')
}

function indented(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => by + line)
    .join('\n')
}
