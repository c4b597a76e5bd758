import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { readerOfVariable } from './compile-value.ts'
import type { Environment, Macro, Surroundings } from './environment.ts'
import { interpolated } from './interpolate.ts'
import type { Readable, Scope, Value } from './ir.ts'
import { Names } from './names.ts'
import type { Operand } from './operand.ts'
import { rootDomain } from './root-domain.ts'
import {
  each,
  equalTexts,
  isTrue,
  matches,
  meet,
  membersOf,
  not,
  or,
  ordered,
  pairs,
  plain,
  type Seen,
  some,
  somePair,
  sum,
} from './seen.ts'
import { refuseIn } from './source.ts'
import type { Membership, Node, Operator } from './syntax.ts'

/** A part of an expression, judged. */
export interface Explanation {
  /** Where it stands: offsets into the text of the expression, or of the macro that it belongs to. */
  readonly at: number
  readonly end: number
  /** As it is written. */
  readonly text: string
  /** Of a condition. */
  readonly truth?: Truth
  /** Of what is no condition: number, bigint, text, array or UNKNOWN. */
  readonly value?: unknown
  /** The macro whose text `of` belongs to. */
  readonly macro?: string
  /** The element that an iterator variable stood for. */
  readonly element?: number
  readonly of: readonly Explanation[]
}

/** What one evaluation is of. */
export interface Evaluated {
  readonly text: string
  readonly scope: Scope
  readonly environment: Environment
  readonly surroundings: Surroundings
  readonly subject: Readable
  readonly element?: number
}

/**
 * Evaluates an expression that was checked as it is written, part by part: slow and plain. What `compileCondition` makes of the checked form
 * must agree with it.
 */
export class Evaluation {
  readonly #of: Evaluated
  readonly #names: Names
  #text: string

  constructor(of: Evaluated) {
    this.#of = of
    this.#names = new Names(of.scope, of.environment)
    this.#text = of.text
  }

  explain(node: Node): Explanation {
    const { kind, value, explanation } = this.#see(node)
    return kind === 'bool' ? { ...explanation, truth: some(value, isTrue) } : explanation
  }

  #see(node: Node): Seen {
    switch (node.kind) {
      case 'name':
        return this.#named(node, node.name)
      case 'variable':
        return this.#operand(node, this.#names.variable(node.name, node.at, refuseIn(this.#text)))
      case 'reference':
        return this.#operand(node, this.#names.field(node.name, node.at, refuseIn(this.#text)))
      case 'int':
        return this.#seen(node, 'int', node.value, [], { fixed: true })
      case 'duration':
        return this.#seen(node, 'int', node.value, [], { fixed: true, duration: true })
      case 'string': {
        const value = interpolated(node.text, node.at, this.#names, refuseIn(this.#text))
        return this.#seen(node, 'string', this.#read(value), [], value.value === 'literal' ? { fixed: true } : {})
      }
      case 'pattern':
      case 'regex':
        return this.#seen(node, 'string', node.text, [], { fixed: true, matching: node.kind })
      case 'ip':
      case 'network':
        return this.#seen(node, 'ip', node.text, [], { fixed: true })
      case 'list': {
        const members = node.items.map((item) =>
          item.kind === 'string' ? this.#seen(item, 'string', item.text, [], { fixed: true }) : this.#see(item),
        )
        const [first] = members as [Seen, ...Seen[]]
        return this.#seen(
          node,
          first.kind,
          members.map(({ value }) => value),
          [],
          { fixed: true, members },
        )
      }
      case 'logic': {
        const parts = node.of.map((part) => this.#see(part))
        const truths = parts.map(({ value }) => some(value, isTrue))
        const value = node.op === 'and' ? not(or(truths.map(not))) : or(truths)
        return this.#seen(node, 'bool', value, parts)
      }
      case 'unary': {
        const of = this.#see(node.of)
        if (node.op === '!') return this.#seen(node, 'bool', not(some(of.value, isTrue)), [of])
        const value = typeof of.value === 'bigint' ? BigInt.asIntN(64, node.op === '-' ? -of.value : ~of.value) : UNKNOWN
        return this.#seen(node, 'int', value, [of], { computed: true, ...(of.fixed && { fixed: true }) })
      }
      case 'arithmetic': {
        const [left, right] = [this.#see(node.left), this.#see(node.right)]
        const value = pairs(left.value, right.value, (a, b) => sum(node.op, a, b))
        return this.#seen(node, 'int', value, [left, right], { computed: true, ...(left.fixed && right.fixed && { fixed: true }) })
      }
      case 'compare': {
        const [left, right] = [this.#see(node.left), this.#see(node.right)]
        return this.#seen(node, 'bool', this.#compare(node.op, left, right), [left, right])
      }
      case 'in': {
        const [left, right] = [this.#see(node.left), this.#see(node.right)]
        return this.#seen(node, 'bool', this.#among(node.op, left, right), [left, right])
      }
    }
  }

  #seen({ at, end }: Node, kind: Seen['kind'], value: unknown, of: readonly Seen[], marks: Partial<Seen> = {}): Seen {
    const text = this.#text.slice(at, end)
    const judged = kind === 'bool' && !Array.isArray(value) ? { truth: value as Truth } : { value }
    return { ...marks, kind, value, explanation: { at, end, text, ...judged, of: of.map(({ explanation }) => explanation) } }
  }

  #named(node: Node, name: string): Seen {
    const constant = this.#names.constant(name)
    if (typeof constant === 'boolean') return this.#seen(node, 'bool', constant, [], { fixed: true })
    if (constant !== undefined) return this.#seen(node, 'int', BigInt(constant), [], { fixed: true })
    const macro = this.#of.environment.macros?.get(name)
    return macro ? this.#expanded(node, macro) : this.#operand(node, this.#names.field(name, node.at, refuseIn(this.#text)))
  }

  #expanded({ at, end }: Node, macro: Macro): Seen {
    const text = this.#text
    this.#text = macro.text
    const seen = this.#see(macro.node)
    this.#text = text
    const { explanation } = seen
    return { ...seen, explanation: { ...explanation, at, end, text: text.slice(at, end), macro: macro.name, of: [explanation] } }
  }

  #operand(node: Node, { kind, value, field }: Operand): Seen {
    const read = this.#read(value)
    return this.#seen(node, kind, read, [], field ? { field } : {})
  }

  /** What names and texts stand for: no operators. */
  #read(value: Value): unknown {
    const { subject, surroundings, element } = this.#of
    switch (value.value) {
      case 'literal':
        return value.of
      case 'field': {
        if (!value.field.includes('[]')) return plain(subject.get(value.field))
        const list = subject.get(value.field.replace('[]', ''))
        return Array.isArray(list) ? plain(list[element ?? 0] ?? UNKNOWN) : UNKNOWN
      }
      case 'element': {
        const list = plain(subject.get(value.field))
        return Array.isArray(list) ? plain(value.index < list.length ? list[value.index] : value.zero) : UNKNOWN
      }
      case 'length': {
        const of = this.#read(value.of)
        return typeof of === 'string' ? BigInt(Buffer.byteLength(of)) : Array.isArray(of) ? BigInt(of.length) : UNKNOWN
      }
      case 'root_domain': {
        const of = this.#read(value.of)
        const one = (name: unknown) => (typeof name === 'string' ? rootDomain(name) : UNKNOWN)
        return Array.isArray(of) ? of.flat().map(one) : one(of)
      }
      case 'variable':
        return plain(readerOfVariable(value.name, surroundings)(subject))
      case 'text': {
        const parts = value.of.map((part) => this.#read(part))
        return parts.flat().includes(UNKNOWN)
          ? UNKNOWN
          : parts.map((part) => (Array.isArray(part) ? part.join(',') : String(part))).join('')
      }
      default:
        throw new TypeError(`a ${value.value} is no name`)
    }
  }

  #compare(op: Operator, left: Seen, right: Seen): Truth {
    const isNegated = op === '!=' || op === '!~'
    const truth = this.#relation(op === '!=' ? '==' : op === '!~' ? '=~' : op, left, right)
    return isNegated ? not(truth) : truth
  }

  #relation(op: Operator, left: Seen, right: Seen): Truth {
    if (left.kind === 'ip') return somePair(left.value, right.value, meet)
    if (left.kind === 'string') {
      if (left.field && right.fixed) return some(left.value, (text) => matches(left.field, text, right, op === '=~'))
      if (right.field && left.fixed) return some(right.value, (text) => matches(right.field, text, left, false))
      return somePair(left.value, right.value, (a, b) => equalTexts(a, b, [left, right]))
    }
    if (left.kind === 'bool') return somePair(left.value, right.value, (a, b) => a === b)
    const isAge = right.duration && !left.computed
    const value = isAge ? each(left.value, (time) => this.#now() - (time as bigint)) : left.value
    return somePair(value, right.value, (a, b) => ordered(op, a as bigint, b as bigint))
  }

  #now(): bigint {
    const now = plain(this.#of.subject.get('event.timestamp'))
    return typeof now === 'bigint' ? now : BigInt(Date.now()) * 1_000_000n
  }

  #among(op: Membership, left: Seen, right: Seen): Truth {
    const truth = this.#meets(op, left, right)
    return op === 'not in' ? not(truth) : truth
  }

  #meets(op: Membership, left: Seen, right: Seen): Truth {
    if (left.kind === 'ip') {
      const isArray = [left, right].every(({ value, fixed, field }) => fixed || Array.isArray(value) || field?.field.array)
      const hasField = !left.fixed !== !right.fixed
      if (op === 'allin' && isArray && hasField) {
        if (left.value === UNKNOWN || right.value === UNKNOWN) return UNKNOWN
        return not(somePair(left.value, right.value, (a, b) => not(meet(a, b))))
      }
      return somePair(left.value, right.value, meet)
    }
    if (left.kind === 'string') {
      if (right.fixed) return some(left.value, (text) => or(membersOf(right).map((member) => matches(left.field, text, member, false))))
      if (left.fixed) return some(right.value, (text) => or(membersOf(left).map((member) => matches(right.field, text, member, false))))
      return somePair(left.value, right.value, (a, b) => equalTexts(a, b, [left, right]))
    }
    return somePair(left.value, right.value, (a, b) => a === b)
  }
}
