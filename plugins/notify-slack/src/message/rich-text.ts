import type { Block, Document, Inline } from '@cws/core'
import { LIMITS, type RichElement, type RichInline, type RichLink, type RichSection, type RichText, type Style } from './blocks.ts'
import { type Budget, beginning } from './cut.ts'
import { escapedLength, fits } from './escape.ts'
import { type Mentions, mentionElement } from './mentions.ts'

/** Between paragraphs, which Slack sets close. */
const GAP: RichText = { type: 'text', text: '\n' }
/** What an element costs of the budget besides its text: itself, and the gap behind it. */
const ELEMENT = 2

/** Draws a document in Slack's rich text. Its text elements are never parsed: no value can become a link, a mention or mark-up. */
export class RichTextDrawing {
  readonly #budget: Budget
  readonly #mentions: Mentions

  constructor(budget: Budget, mentions: Mentions) {
    this.#budget = budget
    this.#mentions = mentions
  }

  draw(document: Document): RichElement[] {
    const elements = document.flatMap((block) => this.#block(block))
    return elements.map((element, i) => (isSection(element) && isSection(elements[i + 1]) ? section([...element.elements, GAP]) : element))
  }

  #block(block: Block): RichElement[] {
    switch (block.type) {
      case 'paragraph':
      case 'heading': {
        const elements = this.#line(block)
        return elements.length > 0 ? [section(elements)] : []
      }
      case 'code': {
        const elements = this.#text(textOf(block.children))
        return elements.length > 0 ? [{ type: 'rich_text_preformatted', elements }] : []
      }
      case 'quote': {
        const elements = this.#flow(block.children)
        return elements.length > 0 ? [{ type: 'rich_text_quote', elements }] : []
      }
      case 'list':
        return this.#list(block, 0)
    }
  }

  /** Slack's lists hold lines; one inside another stands beside it, further in. */
  #list({ ordered, items }: Extract<Block, { type: 'list' }>, indent: number): RichElement[] {
    const lists: RichElement[] = []
    let lines: RichSection[] = []
    let drawn = 0
    const end = (): void => {
      if (lines.length === 0) return
      const offset = ordered && drawn > lines.length ? { offset: drawn - lines.length } : {}
      lists.push({ type: 'rich_text_list', style: ordered ? 'ordered' : 'bullet', indent, elements: lines, ...offset })
      lines = []
    }
    for (const item of items) {
      const nested = item.filter((it) => it.type === 'list')
      const line = this.#flow(item.filter((it) => it.type !== 'list'))
      if (line.length > 0) {
        lines.push(section(line))
        drawn++
      }
      if (nested.length === 0) continue
      end()
      for (const list of nested) lists.push(...this.#list(list, Math.min(indent + 1, LIMITS.indent)))
    }
    end()
    return lists
  }

  /** Blocks as lines of one text, where Slack has no place for blocks. */
  #flow(document: Document): RichInline[] {
    const flow: RichInline[] = []
    for (const block of document) {
      const line = this.#line(block)
      if (line.length === 0) continue
      if (flow.length > 0) flow.push(...this.#text('\n'))
      flow.push(...line)
    }
    return joined(flow)
  }

  #line(block: Block): RichInline[] {
    switch (block.type) {
      case 'paragraph':
        return joined(this.#inlines(block.children))
      case 'heading':
        return joined(this.#inlines(block.children, { bold: true }))
      case 'code':
        return this.#text(textOf(block.children), { code: true })
      case 'quote':
        return this.#flow(block.children)
      case 'list':
        return block.items.flatMap((item, i) => {
          const line = this.#flow(item)
          return line.length === 0 ? [] : [...this.#text(`${i === 0 ? '' : '\n'}${block.ordered ? `${i + 1}.` : '•'} `), ...line]
        })
    }
  }

  #inlines(children: readonly Inline[], style: Style = {}): RichInline[] {
    return children.flatMap((inline) => this.#inline(inline, style))
  }

  #inline(inline: Inline, style: Style): RichInline[] {
    switch (inline.type) {
      case 'text':
        return this.#text(inline.text, style)
      case 'break':
        return this.#text('\n')
      case 'code':
        return this.#text(textOf(inline.children), { ...style, code: true })
      case 'emphasis':
        return this.#inlines(inline.children, { ...style, italic: true })
      case 'strong':
        return this.#inlines(inline.children, { ...style, bold: true })
      case 'link':
        return this.#link(inline, style)
      case 'mention': {
        // Whoever is to be called is called, also by a message that is cut before that place.
        const id = this.#mentions.admit(inline)
        return id === undefined ? [] : [mentionElement(id)]
      }
    }
  }

  #link({ url, children }: Extract<Inline, { type: 'link' }>, style: Style): RichInline[] {
    const label = textOf(children)
    const short = fits(url, LIMITS.url) && fits(label, LIMITS.section)
    if (!isWeb(url) || !short || !this.#budget.spend(escapedLength(url) + ELEMENT)) return this.#text(label, style)
    const text = this.#budget.take(label.toWellFormed())
    const link: RichLink = { type: 'link', url }
    if (text !== '') link.text = text
    return [styled(link, style)]
  }

  /** As many elements as its length needs. */
  #text(text: string, style: Style = {}): RichText[] {
    if (text === '' || !this.#budget.spend(ELEMENT)) {
      this.#budget.take(text)
      return []
    }
    const elements: RichText[] = []
    for (let rest = this.#budget.take(text.toWellFormed()); rest !== ''; ) {
      const part = beginning(rest, LIMITS.section)
      elements.push(styled({ type: 'text', text: part }, style))
      rest = rest.slice(part.length)
    }
    return elements
  }
}

/** The words of inlines, without what they look like. */
export function textOf(children: readonly Inline[]): string {
  return children
    .map((it) => {
      if (it.type === 'text') return it.text
      if (it.type === 'break') return '\n'
      return it.type === 'mention' ? '' : textOf(it.children)
    })
    .join('')
}

export function isWeb(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

function section(elements: RichInline[]): RichSection {
  return { type: 'rich_text_section', elements }
}

function isSection(element: RichElement | undefined): element is RichSection {
  return element?.type === 'rich_text_section'
}

/** Neighbours that look the same become one: two pieces of code side by side would be two boxes. */
function joined(inlines: readonly RichInline[]): RichInline[] {
  const together: RichInline[] = []
  for (const inline of inlines) {
    const last = together.at(-1)
    if (last?.type === 'text' && inline.type === 'text' && looksLike(last, inline) && fits(last.text + inline.text, LIMITS.section))
      together[together.length - 1] = { ...last, text: last.text + inline.text }
    else together.push(inline)
  }
  return together
}

const looksLike = (one: RichText, other: RichText): boolean => JSON.stringify(one.style ?? {}) === JSON.stringify(other.style ?? {})

function styled<E extends RichText | RichLink>(element: E, style: Style): E {
  return Object.keys(style).length > 0 ? { ...element, style } : element
}
