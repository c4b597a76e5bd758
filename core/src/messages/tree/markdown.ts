import { fromMarkdown } from 'mdast-util-from-markdown'
import type { Part, Shape, ShapeBlock, ShapeInline } from './shape.ts'

type Root = ReturnType<typeof fromMarkdown>
type Node = Root['children'][number]

/** Told of what a message cannot have, and where in the text. */
export type Problem = (offset: number, message: string) => void

/** Deepest nesting of lists, quotes, emphasis and links. */
const MAX_DEPTH = 12

/**
 * Of Markdown these are left out: what is indented is no code (blocks of templates are indented too), HTML is text like any other, and there are no
 * definitions.
 */
const LANGUAGE = { disable: { null: ['codeIndented', 'htmlFlow', 'htmlText', 'definition'] } }

const REFUSED: Readonly<Record<string, string>> = {
  image: 'a message has no images',
  thematicBreak: 'a message has no lines across',
}

/** Reads Markdown whose tokens stand for values. What a message cannot have is told, and left out or shown as text. */
export function shapeOf(markdown: string, token: RegExp, problem: Problem): Shape {
  return new Reader(token, problem).blocks(fromMarkdown(markdown, { extensions: [LANGUAGE] }).children, 0)
}

class Reader {
  readonly #token: RegExp
  readonly #problem: Problem

  constructor(token: RegExp, problem: Problem) {
    this.#token = token
    this.#problem = problem
  }

  blocks(nodes: readonly Node[], depth: number): Shape {
    return nodes.flatMap((node) => this.#block(node, depth) ?? [])
  }

  #block(node: Node, depth: number): ShapeBlock | undefined {
    if (depth > MAX_DEPTH) return this.#tell(node, `a message nests no deeper than ${MAX_DEPTH}`)
    switch (node.type) {
      case 'paragraph':
        return { type: 'paragraph', children: this.#inlines(node.children, depth) }
      case 'heading':
        return { type: 'heading', level: node.depth, children: this.#inlines(node.children, depth) }
      case 'code':
        if (this.#token.test(`${node.lang ?? ''} ${node.meta ?? ''}`)) this.#tell(node, 'a value cannot name the language of code')
        return { type: 'code', parts: this.#parts(node.value) }
      case 'list':
        return { type: 'list', ordered: node.ordered === true, items: node.children.map((item) => this.blocks(item.children, depth + 1)) }
      case 'blockquote':
        return { type: 'quote', children: this.blocks(node.children, depth + 1) }
      default:
        return this.#tell(node, REFUSED[node.type] ?? `a message has no ${node.type}`)
    }
  }

  #inlines(nodes: readonly Node[], depth: number): ShapeInline[] {
    return nodes.flatMap((node) => this.#inline(node, depth))
  }

  #inline(node: Node, depth: number): ShapeInline[] {
    if (depth > MAX_DEPTH) {
      this.#tell(node, `a message nests no deeper than ${MAX_DEPTH}`)
      return []
    }
    switch (node.type) {
      case 'text':
        return this.#lines(node.value)
      case 'inlineCode':
        return [{ type: 'code', parts: this.#parts(node.value) }]
      case 'emphasis':
      case 'strong':
        return [{ type: node.type, children: this.#inlines(node.children, depth + 1) }]
      case 'break':
        return [{ type: 'break' }]
      case 'link': {
        const url = this.#parts(node.url)
        const children = this.#inlines(node.children, depth + 1)
        if (node.title && this.#token.test(node.title)) this.#tell(node, 'a value cannot be in the title of a link')
        if (isLink(url)) return [{ type: 'link', url, children }]
        this.#tell(
          node,
          'a link begins with http:// or https:// and a host, both in the template, and after them "/", "?" or "#" comes before a value',
        )
        return children
      }
      default:
        this.#tell(node, REFUSED[node.type] ?? `a message has no ${node.type}`)
        return []
    }
  }

  /** Lines of a paragraph stay lines: who writes one fact a line means so. */
  #lines(text: string): ShapeInline[] {
    return text.split('\n').flatMap((line, i): ShapeInline[] => {
      const parts = this.#parts(line)
      const shown: ShapeInline[] = parts.length > 0 ? [{ type: 'text', parts }] : []
      return i > 0 ? [{ type: 'break' }, ...shown] : shown
    })
  }

  #parts(text: string): Part[] {
    // Every other part is the number of a token.
    return text
      .split(new RegExp(this.#token.source))
      .flatMap((part, i): Part[] => (i % 2 === 1 ? [Number(part)] : part === '' ? [] : [part]))
  }

  #tell(node: Node, message: string): undefined {
    this.#problem(node.position?.start.offset ?? 0, message)
  }
}

const WHOLE_ORIGIN = /^https?:\/\/[^\s/?#\\@]+(?:[/?#]|$)/i
const ORIGIN_AND_MORE = /^https?:\/\/[^\s/?#\\@]+[/?#]/i

/** Whether scheme and host of a link are the template's own. */
function isLink([first, ...rest]: readonly Part[]): boolean {
  if (typeof first !== 'string' || !(rest.length > 0 ? ORIGIN_AND_MORE : WHOLE_ORIGIN).test(first)) return false
  return URL.canParse(first) && new URL(first).username === ''
}
