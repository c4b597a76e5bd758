import type { Block, Document, Inline, Text } from '@cws/core'

// Styles are inline, for many programs drop all others; no colour of text or ground but where both are given, so that dark mode stays readable.
const CODE = 'font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;overflow-wrap:anywhere'
const BLOCK = `${CODE};white-space:pre-wrap;margin:12px 0;padding:8px 12px;border:1px solid #999999;border-radius:4px`
const QUOTE = 'margin:12px 0;padding:0 0 0 12px;border-left:3px solid #999999'
const SIZES = [20, 18, 16, 15, 14, 14] as const

/** A document as HTML. All text is escaped; links are the document's link nodes and nothing else; nothing is fetched from anywhere. */
export function html(document: Document): string {
  return document.map(block).join('\n')
}

/** Text as HTML shows it, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function block(part: Block): string {
  switch (part.type) {
    case 'paragraph':
      return `<p style="margin:12px 0">${inlines(part.children)}</p>`
    case 'heading': {
      const level = part.level
      return `<h${level} style="margin:16px 0 8px;font-size:${SIZES[level - 1]}px">${inlines(part.children)}</h${level}>`
    }
    case 'code':
      return `<pre style="${BLOCK}">${texts(part.children)}</pre>`
    case 'quote':
      return `<blockquote style="${QUOTE}">${html(part.children)}</blockquote>`
    case 'list': {
      const tag = part.ordered ? 'ol' : 'ul'
      return `<${tag} style="margin:12px 0;padding-left:24px">${part.items.map((item) => `<li>${listItem(item)}</li>`).join('')}</${tag}>`
    }
  }
}

/** Without the space around it where an item is one paragraph. */
function listItem(item: Document): string {
  const [only] = item
  return item.length === 1 && only?.type === 'paragraph' ? inlines(only.children) : html(item)
}

function inlines(parts: readonly Inline[]): string {
  return parts.map(inline).join('')
}

function inline(part: Inline): string {
  switch (part.type) {
    case 'text':
      return escapeHtml(part.text)
    case 'code':
      return `<code style="${CODE}">${texts(part.children)}</code>`
    case 'emphasis':
      return `<em>${inlines(part.children)}</em>`
    case 'strong':
      return `<strong>${inlines(part.children)}</strong>`
    case 'link':
      return /^https?:\/\//i.test(part.url)
        ? `<a href="${escapeHtml(part.url)}" rel="noreferrer noopener">${inlines(part.children)}</a>`
        : inlines(part.children)
    case 'break':
      return '<br>'
    // Nobody can be called in a mail but who gets it.
    case 'mention':
      return ''
  }
}

function texts(parts: readonly Text[]): string {
  return parts.map(({ text }) => escapeHtml(text)).join('')
}
