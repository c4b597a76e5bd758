import type { Scope } from '../../condition/ir.ts'
import type { Refuse } from '../../condition/source.ts'
import { sourceOf } from '../../model/derive.ts'
import type { Field } from '../../model/field.ts'
import { legacyField } from '../../model/legacy-names.ts'
import { nearest } from '../../model/nearest.ts'
import { UNKNOWN } from '../../model/unknown.ts'
import { toldField } from '../../signals/scope.ts'
import { DEFAULT_FIELDS } from '../default-message.ts'
import { ARGUMENT_LIMITS, FIELD_LIMITS, PROSE_LIMITS, toldValue } from '../shown-value.ts'
import type { Limits, Value } from '../value.ts'
import type { Expression, List } from './expression.ts'
import type { Run } from './run.ts'
import { blockVariables, variables } from './variables.ts'

/** A loop that a name stands in. */
export interface Loop {
  readonly list: List
  /** Names that the template gives to the element and to its number. */
  readonly names: readonly string[]
}

/** A name as it is written: `@process.argv.[0]` is the words process, argv and 0 with `at`; `../this` goes up one loop. */
export interface Written {
  readonly data: boolean
  readonly up: number
  readonly words: readonly string[]
  readonly original: string
  readonly at: number
}

const PROSE = new Set(['title', 'message', 'advice'])
const ARGUMENTS = /(?:^|\.)(?:argv0?|args|args_flags|args_options|envs|envp)$/

/** What the names in one template mean. */
export class Names {
  readonly #scope: Scope
  readonly #refuse: Refuse
  /** Those of the event that were asked for. */
  readonly fields = new Set<string>()

  constructor(scope: Scope, refuse: Refuse) {
    this.#scope = scope
    this.#refuse = refuse
  }

  /** @throws CwsError CWS_ERR_TEMPLATE with the place and the nearest name */
  resolve(name: Written, loops: readonly Loop[]): Expression {
    if (name.up > loops.length) this.#refuse(name.at, `${name.original}: "../" leads out of a loop, and here is none`)
    const inside = loops.slice(0, loops.length - name.up)
    if (name.data) return ofLoop(name, inside) ?? this.#field(name)
    return this.#ofElement(name, inside) ?? this.#variable(name)
  }

  /** A name that stands in a text, as the first one of `is_match` does. */
  parse(text: string, at: number, loops: readonly Loop[]): Expression {
    const data = text.startsWith('@')
    const words = [...text.matchAll(/\[([^[\]]*)\]|[^.[\]]+/g)].map((match) => match[1] ?? match[0]).map((word) => word.replace(/^@/, ''))
    if (text === 'this' || text === '.') return this.resolve({ data: false, up: 0, words: [], original: text, at }, loops)
    const element = words[0] === 'this' ? words.slice(1) : words
    return this.resolve({ data, up: 0, words: element, original: text, at }, loops)
  }

  #variable({ words, original, at }: Written): Expression {
    const name = words.join('.')
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (variable) {
      const { read, inlines, list } = variable
      return {
        read: ({ subject }) => read(subject),
        ...(PROSE.has(name) && { limits: PROSE_LIMITS }),
        ...(inlines && { inlines: ({ subject }: Run) => inlines(subject) }),
        ...(list && { list: { of: 'values' } }),
      }
    }
    const block = Object.hasOwn(blockVariables, name) ? blockVariables[name] : undefined
    for (const field of block ? DEFAULT_FIELDS : []) this.fields.add(field)
    if (block) return { read: () => UNKNOWN, special: { kind: 'blocks', name, make: ({ subject }) => block.make(subject) } }
    if (this.#fieldNamed(name)) this.#refuse(at, `there is no variable "${name}"; a field of the event is written {{@${name}}}`)
    const [key, last, ...more] = words
    if (key !== undefined && last === 'name' && more.length === 0 && this.#isKeyOfTag(key, original)) return tagOf(key)
    if (words.length === 0) this.#refuse(at, `${original}: outside a loop there is no element`)
    return this.#refuse(at, `there is no variable "${original}"`, name, [
      ...names(),
      ...[...this.#scope.fields.keys()].map((it) => `@${it}`),
    ])
  }

  /** `{{service.name}}` is what stands behind `service:` in a tag; a key that is nearly one of our own names is a slip. */
  #isKeyOfTag(key: string, original: string): boolean {
    if (original.startsWith('[')) return true
    const own = names()
      .filter((it) => it.endsWith('.name'))
      .map((it) => it.slice(0, -'.name'.length))
    return nearest(key, own) === undefined
  }

  #field({ words, original, at }: Written): Expression {
    const index = words.length > 1 && /^\d{1,6}$/.test(words.at(-1) as string) ? Number(words.at(-1)) : undefined
    const written = (index === undefined ? words : words.slice(0, -1)).join('.')
    const found = this.#fieldNamed(written)
    if (!found) {
      if (this.#isBlock(written)) {
        this.fields.add(`${written}.length`)
        return listOfBlocks(written)
      }
      if (Object.hasOwn(variables, written)) this.#refuse(at, `there is no field "${original}"; the variable is written {{${written}}}`)
      return this.#refuse(at, `there is no field "${original}"`, written, this.#scope.fields.keys())
    }
    const { name, field } = found
    const read = (run: Run): Value => toldValue(toldField(run.subject.signal.event, name))
    const limits = limitsOf(name)
    if (index === undefined) return { read, limits, ...(field.array && { list: { of: 'values', field } }) }
    if (!field.array) this.#refuse(at, `${original}: ${name} is no list`)
    return { read: (run) => elementOf(read(run), index), limits }
  }

  /** In a loop over blocks: a field of the element. */
  #ofElement({ words, original, at }: Written, loops: readonly Loop[]): Expression | undefined {
    for (let depth = loops.length - 1; depth >= 0; depth--) {
      const { list, names: given } = loops[depth] as Loop
      const named = given[0] !== undefined && words[0] === given[0]
      if (given[1] !== undefined && words.length === 1 && words[0] === given[1])
        return { read: (run) => run.elements[depth]?.index ?? UNKNOWN }
      const innermost = depth === loops.length - 1
      const rest = named ? words.slice(1) : words
      const isThis = (words.length === 0 && innermost) || (named && rest.length === 0)
      if (isThis) {
        if (list.of === 'blocks') this.#refuse(at, `${original}: name a field of it, for example {{this.pid}}`)
        return { read: (run) => run.elements[depth]?.value ?? UNKNOWN, limits: ARGUMENT_LIMITS }
      }
      if (list.of === 'blocks' && (named || innermost)) {
        const found = this.#fieldNamed(`${list.block}.${rest.join('.')}`)
        if (found) return fieldOfElement(found.name, found.field, depth)
      }
      if (named || original.startsWith('this')) {
        const candidates = list.of === 'blocks' ? this.#fieldsBelow(list.block) : []
        return this.#refuse(at, `the elements of this loop have no "${rest.join('.')}"`, rest.join('.'), candidates)
      }
    }
    return undefined
  }

  #fieldNamed(written: string): { readonly name: string; readonly field: Field } | undefined {
    const field = this.#scope.fields.get(written)
    // What signals have of their own are variables here.
    const name = field && !Object.hasOwn(variables, written) ? written : legacyField(written)
    const found = name === undefined ? undefined : this.#scope.fields.get(name)
    if (name === undefined || !found) return undefined
    this.fields.add(found.derived ? sourceOf(name, found.derived) : name)
    return { name, field: found }
  }

  #isBlock(name: string): boolean {
    return this.#scope.fields.get(`${name}.length`)?.array === false && !this.#scope.fields.has(name)
  }

  #fieldsBelow(block: string): string[] {
    const prefix = `${block}.`
    return [...this.#scope.fields.keys()].filter((it) => it.startsWith(prefix)).map((it) => it.slice(prefix.length))
  }
}

/** Every name that is written without `@`. */
export function names(): string[] {
  return [...Object.keys(variables), ...Object.keys(blockVariables)]
}

const POSITIONS: Readonly<Record<string, (index: number, length: number) => Value>> = {
  index: (index) => index,
  number: (index) => index + 1,
  first: (index) => index === 0,
  last: (index, length) => index === length - 1,
}

function ofLoop({ words }: Written, loops: readonly Loop[]): Expression | undefined {
  const position = words.length === 1 && Object.hasOwn(POSITIONS, words[0] as string) ? POSITIONS[words[0] as string] : undefined
  if (!position || loops.length === 0) return undefined
  const depth = loops.length - 1
  return {
    read: ({ elements }) => {
      const element = elements[depth]
      return element ? position(element.index, element.length) : UNKNOWN
    },
  }
}

function listOfBlocks(block: string): Expression {
  return {
    list: { of: 'blocks', block },
    read: ({ subject }) => {
      const length = toldField(subject.signal.event, `${block}.length`)
      return typeof length === 'number' ? Array.from({ length }, (_, i) => i) : UNKNOWN
    },
  }
}

function fieldOfElement(name: string, field: Field, depth: number): Expression {
  return {
    read: ({ subject, elements }) => elementOf(toldValue(toldField(subject.signal.event, name)), elements[depth]?.index ?? -1),
    limits: limitsOf(name),
    ...(field.lists && { list: { of: 'values', field } as const }),
  }
}

function elementOf(value: Value, index: number): Value {
  return Array.isArray(value) ? ((value as readonly Value[])[index] ?? UNKNOWN) : UNKNOWN
}

/** `host:web` has the value `web` for the key `host`; those of the container count too. */
function tagOf(key: string): Expression {
  const prefix = `${key}:`
  return {
    read: ({ subject: { signal } }) => {
      const container = toldField(signal.event, 'container.tags')
      const tags = [...signal.tags, ...(Array.isArray(container) ? container : [])]
      const found = tags
        .filter((tag): tag is string => typeof tag === 'string' && tag.startsWith(prefix))
        .map((tag) => tag.slice(prefix.length))
      return found.length === 0 ? UNKNOWN : found.length === 1 ? (found[0] as string) : found
    },
  }
}

function limitsOf(field: string): Limits {
  if (!ARGUMENTS.test(field)) return FIELD_LIMITS
  return field.endsWith('.args') ? { text: ARGUMENT_LIMITS.whole, whole: ARGUMENT_LIMITS.whole } : ARGUMENT_LIMITS
}
