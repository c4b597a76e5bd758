import Handlebars from 'handlebars'
import type { Refuse } from '../../condition/source.ts'

export type Program = hbs.AST.Program
export type Statement = hbs.AST.Statement
export type Block = hbs.AST.BlockStatement
export type Mustache = hbs.AST.MustacheStatement
export type Path = hbs.AST.PathExpression
export type Sub = hbs.AST.SubExpression

/** Characters of a template. */
const MAX_TEMPLATE = 16_384
const MAX_NODES = 500
const MAX_BLOCKS = 8
const MAX_CALLS = 3

/** Words that lead to code in objects of JavaScript: never names here, whatever the model has. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype', 'helperMissing', 'blockHelperMissing', 'lookup', 'log', 'with'])
const REFUSED: Readonly<Record<string, string>> = {
  PartialStatement: 'partials ({{> …}}) are not part of the language of templates',
  PartialBlockStatement: 'partials ({{#> …}}) are not part of the language of templates',
  Decorator: 'decorators ({{* …}}) are not part of the language of templates',
  DecoratorBlock: 'inline partials ({{#* …}}) are not part of the language of templates',
}

/**
 * The syntax tree of a template: Handlebars' parser is all that is used of it, nothing that it would compile or run. What is not on the list of
 * what the language has is refused here.
 * @throws CwsError CWS_ERR_TEMPLATE with the place
 */
export function parseTemplate(text: string, refuse: Refuse): Program {
  if (text.length > MAX_TEMPLATE) refuse(0, `a template has at most ${MAX_TEMPLATE} characters, this one has ${text.length}`)
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.exec(text)
  if (hidden) refuse(hidden.index, `the template has a controlling character, \\u{${hidden[0].charCodeAt(0).toString(16)}}`)
  try {
    // Without its treatment of white space this parser does not recurse: what is nested too deeply is refused first.
    new Gate(text, refuse).program(Handlebars.parseWithoutProcessing(text), 0)
    return Handlebars.parse(text)
  } catch (error) {
    if (error instanceof Error && error.name !== 'CwsError') return refuseSyntax(text, error, refuse)
    throw error
  }
}

/** Offset of a node in the text. */
export function offsetOf(text: string, { loc }: { readonly loc: hbs.AST.SourceLocation }): number {
  let start = 0
  for (let line = 1; line < loc.start.line; line++) start = text.indexOf('\n', start) + 1
  return start + loc.start.column
}

export function isRaw(text: string, block: Block): boolean {
  return text.startsWith('{{{{', offsetOf(text, block))
}

/** Walks all of the tree and refuses what is not allowed. */
class Gate {
  readonly #text: string
  readonly #refuse: Refuse
  #nodes = 0

  constructor(text: string, refuse: Refuse) {
    this.#text = text
    this.#refuse = refuse
  }

  program({ body }: Program, depth: number): void {
    for (const statement of body) this.#statement(statement, depth)
  }

  #statement(node: Statement, depth: number): void {
    this.#count(node)
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return
      case 'MustacheStatement': {
        const { escaped, path, params, hash } = node as Mustache
        if (!escaped) this.#fail(node, '{{{…}}} and {{&…}} do not exist here: a value is never mark-up; write {{…}}')
        this.#call(path, params, hash, 0)
        return
      }
      case 'BlockStatement':
        this.#block(node as Block, depth + 1)
        return
      default:
        this.#fail(node, REFUSED[node.type] ?? `${node.type} is not part of the language of templates`)
    }
  }

  #block(block: Block, depth: number): void {
    if (depth > MAX_BLOCKS) this.#fail(block, `blocks nest deeper than ${MAX_BLOCKS}`)
    this.#call(block.path, block.params, block.hash, 0)
    for (const program of [block.program, block.inverse]) if (program) this.program(program, depth)
  }

  #call(path: hbs.AST.Expression, params: readonly hbs.AST.Expression[], hash: hbs.AST.Hash | undefined, depth: number): void {
    if (path.type !== 'PathExpression') this.#fail(path, 'a name was expected after the braces')
    if (hash) this.#fail(hash, `named arguments (${hash.pairs[0]?.key}=…) are not part of the language of templates`)
    this.#expression(path, depth)
    for (const param of params) this.#expression(param, depth)
  }

  #expression(node: hbs.AST.Expression, depth: number): void {
    this.#count(node)
    switch (node.type) {
      case 'PathExpression': {
        const bad = (node as Path).parts.find((part) => FORBIDDEN.has(part))
        if (bad !== undefined) this.#fail(node, `"${bad}" is no name that a template may use`)
        return
      }
      case 'SubExpression': {
        if (depth + 1 > MAX_CALLS) this.#fail(node, `helpers in helpers nest deeper than ${MAX_CALLS}`)
        const { path, params, hash } = node as Sub
        this.#call(path, params, hash, depth + 1)
        return
      }
      case 'StringLiteral':
      case 'NumberLiteral':
      case 'BooleanLiteral':
        return
      default:
        this.#fail(node, `${node.type === 'NullLiteral' ? 'null' : 'undefined'} is no value that a template may use`)
    }
  }

  #count(node: hbs.AST.Node): void {
    if (++this.#nodes > MAX_NODES) this.#fail(node, `a template has at most ${MAX_NODES} parts`)
  }

  #fail(node: hbs.AST.Node, message: string): never {
    return this.#refuse(offsetOf(this.#text, node), message)
  }
}

/** Handlebars tells the line, and the column by an arrow below an excerpt. */
function refuseSyntax(text: string, { message }: Error, refuse: Refuse): never {
  const at = /^(?:Parse|Lexical) error on line (\d+)[^\n]*\n(.*)\n(-*)\^/.exec(message)
  if (at) {
    const [, line, excerpt, arrow] = at as unknown as [string, string, string, string]
    const got = /got '(\w+)'/.exec(message)?.[1]
    const what = got === 'EOF' ? 'something is not closed' : 'this is not expected here'
    return refuse(placeOf(text, Number(line), excerpt, arrow.length), `the template does not parse: ${what}`)
  }
  // Tags that do not match, of which the message says where: "is_match doesn't match if - 3:12".
  const pair = /^(.*) - (\d+):(\d+)$/s.exec(message)
  if (!pair) return refuse(0, `the template does not parse: ${message.split('\n')[0]}`)
  const [, what, line, column] = pair as unknown as [string, string, string, string]
  const start = { line: Number(line), column: Number(column) }
  return refuse(offsetOf(text, { loc: { source: '', start, end: start } }), `the template does not parse: ${what}`)
}

/** The excerpt has up to 20 characters before and after the place, without line feeds. */
function placeOf(text: string, line: number, excerpt: string, arrow: number): number {
  const before = excerpt.slice(0, arrow).replace(/^\.\.\./, '')
  const after = excerpt.slice(arrow).replace(/\.\.\.$/, '')
  const from = offsetOf(text, { loc: { source: '', start: { line, column: 0 }, end: { line, column: 0 } } })
  const flat = (part: string): string => part.replaceAll('\n', '')
  for (let at = from; at <= text.length; at++)
    if (flat(text.slice(at, at + 20)).startsWith(flat(after).slice(0, 20)) && flat(text.slice(0, at)).endsWith(before)) return at
  return from
}
