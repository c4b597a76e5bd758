import type { Scope } from '../../condition/ir.ts'
import type { Refuse } from '../../condition/source.ts'
import { nearest } from '../../model/nearest.ts'
import { shownValue } from '../shown-value.ts'
import type { Mention, Slot } from '../value.ts'
import { Branches } from './branches.ts'
import type { Expression } from './expression.ts'
import { type Argument, helpers, holds } from './helpers.ts'
import { type Loop, Names, names } from './names.ts'
import type { Run } from './run.ts'
import { type Block, isRaw, type Mustache, offsetOf, type Path, type Program, type Statement, type Sub } from './syntax.ts'

/** Writes a part of a template as Markdown with tokens. */
export type Writer = (run: Run) => void

const CONDITIONS = Object.keys(helpers).filter((name) => helpers[name]?.condition)
const BLOCKS = ['if', 'unless', 'each', 'raw', ...CONDITIONS]

/** Turns a checked syntax tree into functions that write it; all names are looked up now. */
export class WriterMaker {
  readonly #text: string
  readonly #refuse: Refuse
  readonly #names: Names
  readonly branches = new Branches()
  /** Whom the template calls. */
  readonly mentions: Mention[] = []

  /** Fields of the event that it reads. */
  get fields(): ReadonlySet<string> {
    return this.#names.fields
  }

  constructor(text: string, scope: Scope, refuse: Refuse) {
    this.#text = text
    this.#refuse = refuse
    this.#names = new Names(scope, refuse)
  }

  /** @throws CwsError CWS_ERR_TEMPLATE with the place */
  program(program: Program | undefined, loops: readonly Loop[] = []): Writer {
    const writers = (program?.body ?? []).map((statement) => this.#statement(statement, loops))
    return (run) => {
      for (const write of writers) write(run)
    }
  }

  #statement(node: Statement, loops: readonly Loop[]): Writer {
    const at = offsetOf(this.#text, node)
    if (node.type === 'ContentStatement') {
      const { value, original } = node as hbs.AST.ContentStatement & { original: string }
      const place = at + Math.max(0, original.indexOf(value))
      return (run) => run.write(value, place)
    }
    if (node.type === 'MustacheStatement') return this.#mustache(node as Mustache, loops, at)
    return node.type === 'BlockStatement' ? this.#block(node as Block, loops, at) : () => {}
  }

  #mustache({ path, params }: Mustache, loops: readonly Loop[], at: number): Writer {
    const expression = params.length > 0 ? this.#call(path as Path, params, loops) : this.#name(path as Path, loops)
    if (expression.special?.kind === 'mention') this.#mention(expression.special)
    if (expression.list?.of === 'blocks') this.#refuse(at, `${(path as Path).original} is a list of blocks: go over it with {{#each}}`)
    return (run) => run.token(slotOf(expression, run), at)
  }

  #mention({ channel, id }: Mention): void {
    if (!this.mentions.some((each) => each.channel === channel && each.id === id)) this.mentions.push({ channel, id })
  }

  #block(block: Block, loops: readonly Loop[], at: number): Writer {
    const { path, params, program, inverse } = block
    const name = (path as Path).original as string
    if (isRaw(this.#text, block)) return this.#raw(block, name, at)
    if (name === 'each') return this.#each(block, loops)
    if (program?.blockParams) this.#refuse(at, `${name}: "as |…|" belongs to {{#each}}`)
    const condition = this.#condition(name, path as Path, params, loops, at)
    const [one, then] = this.branches.branch(() => this.program(program, loops))
    const [other, otherwise] = this.branches.branch(() => this.program(inverse, loops))
    return (run) => (run.decide(() => condition(run), one, other) ? then(run) : otherwise(run))
  }

  #condition(name: string, path: Path, params: hbs.AST.Expression[], loops: readonly Loop[], at: number): (run: Run) => boolean {
    if (CONDITIONS.includes(name)) {
      const { read } = this.#call(path, params, loops)
      return (run) => read(run) === true
    }
    if (name !== 'if' && name !== 'unless') {
      const guess = nearest(name, BLOCKS)
      this.#refuse(at, `there is no block "${name}"; ${guess ? `did you mean "${guess}"?` : `there are ${BLOCKS.join(', ')}`}`)
    }
    const [what] = params
    if (!what || params.length > 1) this.#refuse(at, `${name} takes one value, but ${params.length} came: {{#${name} @container.id}}`)
    const { read, special } = this.#value(what as hbs.AST.Expression, loops)
    if (special) this.#refuse(at, `${name}: this is no value`)
    return name === 'if' ? (run) => holds(read(run)) : (run) => !holds(read(run))
  }

  #each({ params, program, inverse, loc }: Block, loops: readonly Loop[]): Writer {
    const at = offsetOf(this.#text, { loc })
    const [what] = params
    if (!what || params.length > 1) this.#refuse(at, `each takes one list, but ${params.length} values came`)
    const { read, list } = this.#value(what as hbs.AST.Expression, loops)
    if (!list) return this.#refuse(offsetOf(this.#text, what as hbs.AST.Expression), 'each: this is no list')
    const loop = { list, names: program?.blockParams ?? [] }
    const [one, body] = this.branches.branch(() => this.program(program, [...loops, loop]))
    const [other, empty] = this.branches.branch(() => this.program(inverse, loops))
    return (run) => {
      const value = read(run)
      const several = run.several(Array.isArray(value) ? value : [], one, other)
      if (several.length === 0) return empty(run)
      for (const [index, element] of several.entries()) {
        run.iterate()
        run.elements.push({ index, length: several.length, value: element })
        body(run)
        run.elements.pop()
      }
    }
  }

  /** What is between raw braces stands as it is. */
  #raw({ program }: Block, name: string, at: number): Writer {
    if (name !== 'raw') this.#refuse(at, `there is no raw block "${name}", but {{{{raw}}}}…{{{{/raw}}}}`)
    const text = (program.body as (Statement & { original: string })[]).map(({ original }) => original).join('')
    const place = at + '{{{{raw}}}}'.length
    return (run) => run.write(text, place)
  }

  #value(node: hbs.AST.Expression, loops: readonly Loop[]): Expression {
    if (node.type === 'PathExpression') return this.#name(node as Path, loops)
    if (node.type === 'SubExpression') return this.#call((node as Sub).path as Path, (node as Sub).params, loops)
    const { value } = node as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral
    return { read: () => value }
  }

  #name({ data, depth, parts, original, loc }: Path, loops: readonly Loop[]): Expression {
    const at = offsetOf(this.#text, { loc })
    if (parts.length === 1 && !data && depth === 0) {
      const word = parts[0] as string
      if (Object.hasOwn(helpers, word) && !names().includes(word)) this.#refuse(at, `${word} needs something: ${helpers[word]?.usage}`)
    }
    return this.#names.resolve({ data, up: depth, words: parts, original, at }, loops)
  }

  #call({ data, original, loc }: Path, params: readonly hbs.AST.Expression[], loops: readonly Loop[]): Expression {
    const at = offsetOf(this.#text, { loc })
    const helper = !data && Object.hasOwn(helpers, original) ? helpers[original] : undefined
    if (!helper) return this.#refuse(at, `there is no helper "${original}"`, original, Object.keys(helpers))
    const nameAt = (name: string, place: number): Expression => this.#names.parse(name, place, loops)
    const args = params.map((param) => this.#argument(param, loops, nameAt))
    return helper.make({ name: original, at, args, refuse: this.#refuse, nameAt })
  }

  #argument(node: hbs.AST.Expression, loops: readonly Loop[], nameAt: (name: string, at: number) => Expression): Argument {
    const at = offsetOf(this.#text, node)
    if (node.type === 'StringLiteral') {
      const { value } = node as hbs.AST.StringLiteral
      return { kind: 'text', text: value, at, name: () => nameAt(value, at + 1) }
    }
    if (node.type === 'NumberLiteral' || node.type === 'BooleanLiteral')
      return { kind: 'literal', value: (node as hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value, at }
    return { kind: 'expression', expression: this.#value(node, loops), at }
  }
}

function slotOf({ read, limits, encoded, inlines, special }: Expression, run: Run): Slot {
  if (special?.kind === 'mention') return { slot: 'mention', channel: special.channel, id: special.id }
  if (special) return { slot: 'blocks', name: special.name, document: special.make(run) }
  if (inlines) return { slot: 'inlines', inlines: inlines(run) }
  return { slot: 'text', text: shownValue(read(run), limits), ...(encoded && { encoded }) }
}
