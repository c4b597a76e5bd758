import { arithmeticOf, complement, minus } from './arithmetic.ts'
import { conditionOf } from './as-condition.ts'
import type { Checking } from './checking.ts'
import { compare } from './compare.ts'
import type { Environment, Macro, WarningCode } from './environment.ts'
import { interpolated } from './interpolate.ts'
import type { Condition, Scope, Value } from './ir.ts'
import { membership } from './membership.ts'
import { Names } from './names.ts'
import { isNowhere, parseNetwork } from './network.ts'
import { described, integer, negated, type Operand, truth } from './operand.ts'
import { lineAndColumn, type Refuse } from './source.ts'
import type { Node } from './syntax.ts'
import { textListOf } from './text-list.ts'

/** Nodes that are looked at, macros as often as they are used. */
const MAX_TERMS = 65_536
/** Levels of the expression and of macros within macros. */
const MAX_DEPTH = 600

type Warn = (code: WarningCode, at: number, message: string) => void

/** Checks an expression's types against a scope and brings it to the common form. */
export function checkExpression(root: Node, scope: Scope, environment: Environment, refuse: Refuse, warn: Warn): Condition {
  const checker = new Checker(scope, environment, refuse, warn)
  const operand = checker.evaluate(root)
  if (operand.kind !== 'bool') refuse(root.at, `a condition was expected, but this is ${described(operand)}`)
  const condition = conditionOf(operand, checker)
  const { iterator } = checker.names
  return iterator ? { op: 'some', over: iterator.over, of: condition } : condition
}

/** The same for an expression of any type. It has no iterator variable: there would be a value for each element. */
export function checkValue(root: Node, scope: Scope, environment: Environment, refuse: Refuse, warn: Warn): Operand {
  const checker = new Checker(scope, environment, refuse, warn)
  const operand = checker.evaluate(root)
  if (operand.matching) refuse(root.at, `a value was expected, but this is ${described(operand)}`)
  const { iterator } = checker.names
  if (iterator) refuse(root.at, `a value has no iterator variable: "${iterator.name}"`)
  return operand
}

class Checker implements Checking {
  readonly names: Names
  readonly #environment: Environment
  #refuse: Refuse
  #warn: Warn
  readonly #expanding = new Set<Macro>()
  #terms = 0
  #depth = 0

  constructor(scope: Scope, environment: Environment, refuse: Refuse, warn: Warn) {
    this.names = new Names(scope, environment)
    this.#environment = environment
    this.#refuse = refuse
    this.#warn = warn
  }

  readonly refuse: Refuse = (at, message, word, candidates) => this.#refuse(at, message, word, candidates)
  readonly warn: Warn = (code, at, message) => this.#warn(code, at, message)

  evaluate(node: Node): Operand {
    if (++this.#terms > MAX_TERMS) this.refuse(node.at, `the condition has more than ${MAX_TERMS} terms, those of its macros included`)
    if (++this.#depth > MAX_DEPTH) this.refuse(node.at, `conditions nest deeper than ${MAX_DEPTH}, macros included`)
    const operand = this.#operand(node)
    this.#depth--
    return operand
  }

  #operand(node: Node): Operand {
    const { at } = node
    switch (node.kind) {
      case 'name':
        return this.#named(node.name, at)
      case 'variable':
        return this.names.variable(node.name, at, this.refuse)
      case 'reference':
        return this.names.field(node.name, at, this.refuse)
      case 'int':
        return integer(node.value, at)
      case 'duration':
        return { ...integer(node.value, at), duration: true, timed: true }
      case 'string':
        return { kind: 'string', array: false, value: this.#text(node.text, at), at }
      case 'pattern':
      case 'regex':
        return { kind: 'string', array: false, value: { value: 'literal', of: node.text }, at, matching: node.kind }
      case 'ip':
      case 'network':
        return this.#network(node.text, node.kind, at)
      case 'list':
        return this.#list(node.items, at)
      case 'logic':
        return truth({ op: node.op, of: node.of.map((part) => this.#condition(part)) }, at)
      case 'unary':
        return this.#unary(node.op, node.of, at)
      case 'arithmetic':
        return arithmeticOf(node, this.evaluate(node.left), this.evaluate(node.right), this)
      case 'compare':
        return truth(compare(node.op, this.evaluate(node.left), this.evaluate(node.right), node.sign, this), at)
      case 'in': {
        const held = membership(node.op, this.evaluate(node.left), this.evaluate(node.right), this)
        return truth(node.op === 'not in' ? negated(held) : held, at)
      }
    }
  }

  #condition(node: Node): Condition {
    const operand = this.evaluate(node)
    if (operand.kind !== 'bool') return this.refuse(node.at, `a condition was expected, but this is ${described(operand)}`)
    return conditionOf(operand, this)
  }

  /** A constant hides a macro, a macro hides a field. */
  #named(name: string, at: number): Operand {
    const constant = this.names.constant(name)
    if (typeof constant === 'boolean') return truth(constant ? { op: 'always' } : negated({ op: 'always' }), at)
    if (constant !== undefined) return integer(BigInt(constant), at)
    const macro = this.#environment.macros?.get(name)
    return macro ? this.#expanded(macro, at) : this.names.field(name, at, this.refuse)
  }

  /** Errors in a macro are told at the place where it is used, with the place in it. */
  #expanded(macro: Macro, at: number): Operand {
    const list = textListOf(macro)
    if (list?.members) {
      this.#terms += 1 + list.members.length
      return { ...list, at }
    }
    if (this.#expanding.has(macro)) this.refuse(at, `the macro ${macro.name} uses itself`)
    const [refuse, warn] = [this.#refuse, this.#warn]
    const placed = (inner: number, message: string) => {
      const { line, column } = lineAndColumn(macro.text, inner)
      return `in the macro ${macro.name}, ${line}:${column}: ${message}`
    }
    this.#refuse = (inner, message, word, candidates) => refuse(at, placed(inner, message), word, candidates)
    this.#warn = (code, inner, message) => warn(code, at, placed(inner, message))
    this.#expanding.add(macro)
    const operand = this.evaluate(macro.node)
    this.#expanding.delete(macro)
    this.#refuse = refuse
    this.#warn = warn
    return { ...operand, at, ...(operand.members && !operand.shared && { members: operand.members.map((member) => ({ ...member, at })) }) }
  }

  #text(text: string, at: number): Value {
    return interpolated(text, at, this.names, this.refuse)
  }

  #network(text: string, kind: 'ip' | 'network', at: number): Operand {
    const network = parseNetwork(text)
    if (!network)
      return this.refuse(at, `${text} is no ${kind === 'ip' ? 'address' : 'network: an address, "/" and the number of its leading bits'}`)
    if (kind === 'ip' && isNowhere(network)) return this.refuse(at, `${text} is nobody's address; all of IPv6 is ::/0`)
    return { kind: 'ip', array: false, value: { value: 'literal', of: text }, at }
  }

  /** Texts of a list stand for themselves, whatever references they seem to hold. */
  #list(items: readonly Node[], at: number): Operand {
    const members = items.map((item): Operand => {
      if (item.kind !== 'string') return this.evaluate(item)
      this.#terms++
      return { kind: 'string', array: false, value: { value: 'literal', of: item.text }, at: item.at }
    })
    const first = members[0] as Operand
    const of = members.map((member) => {
      if (member.kind !== first.kind)
        this.refuse(member.at, `a list holds one kind of value, not ${described(first)} and ${described(member)}`)
      if (member.value.value !== 'literal') return this.refuse(member.at, `a list holds constants, but this is ${described(member)}`)
      return member.value.of
    })
    return { kind: first.kind, array: true, value: { value: 'list', of }, at, members }
  }

  #unary(op: '!' | '-' | '^', of: Node, at: number): Operand {
    const inner = this.evaluate(of)
    if (op === '-') return minus(inner, at, this)
    if (op === '^') return complement(inner, at, this)
    if (inner.kind !== 'bool')
      return this.refuse(of.at, `"!" and "not" bind tightest and take a condition, but this is ${described(inner)}: add parentheses`)
    return truth(negated(conditionOf(inner, this)), at)
  }
}
