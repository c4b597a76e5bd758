import {
  type Condition,
  CwsError,
  type Environment,
  type EventDefinition,
  eventTypesIn,
  type Field,
  type Macro,
  parseCondition,
  parseValue,
  type Scope,
  type TypedValue,
  type VariableType,
} from '@cws/core'
import { fimScope } from './fim-write.ts'

/** The event types of the model. */
export interface Model {
  /** @throws CwsError CWS_ERR_EVENT_UNKNOWN */
  get(type: string): EventDefinition
  types(): readonly string[]
  /** Whether a sensor that runs feeds a type; absent where nobody knows. */
  readonly isFed?: (type: string) => boolean
}

export type Warn = (warning: string) => void

/** What rules can be on: the events of a model, and `fim.write`. */
class Scopes {
  readonly all: readonly Scope[]
  readonly types: ReadonlySet<string>
  /** Fields of all by name. */
  readonly fields = new Map<string, Field>()

  constructor(model: Model) {
    this.all = [fimScope(model), ...model.types().map((type) => model.get(type))]
    this.types = new Set(this.all.map(({ type }) => type))
    for (const scope of this.all) for (const [name, field] of scope.fields) this.fields.set(name, field)
  }
}

const scopesOf = new WeakMap<Model, Scopes>()

/** What expressions of policies are read with: the model, and what policies define. */
export class Language {
  readonly #model: Model
  readonly #environment: Environment

  constructor(model: Model, macros: ReadonlyMap<string, Macro>, variables: ReadonlyMap<string, VariableType> = new Map()) {
    this.#model = model
    this.#environment = { macros, variables }
  }

  /** Made when something is to be read: the fields of all events are tens of thousands. */
  get #scopes(): Scopes {
    const known = scopesOf.get(this.#model) ?? new Scopes(this.#model)
    scopesOf.set(this.#model, known)
    return known
  }

  /** Fields of all events by name. */
  get fields(): ReadonlyMap<string, Field> {
    return this.#scopes.fields
  }

  /**
   * The scope that an expression is on: exactly one type of event has fields of its own in it.
   * @throws CwsError CWS_ERR_CONDITION
   */
  scopeOf(text: string): Scope {
    const types = eventTypesIn(text, this.#scopes.types, this.#environment)
    const [type] = types
    if (type === undefined) throw new CwsError('CWS_ERR_CONDITION', 'no event: the expression uses no field that one type of event has')
    if (types.size > 1)
      throw new CwsError('CWS_ERR_CONDITION', `more than one event: the expression uses fields of ${[...types].join(', ')}`)
    return this.#scopes.all.find((scope) => scope.type === type) as Scope
  }

  /** @throws CwsError CWS_ERR_CONDITION */
  condition(text: string, scope: Scope, warn?: Warn): Condition {
    return parseCondition(text, scope, warn, this.#environment)
  }

  /** @throws CwsError CWS_ERR_CONDITION */
  value(text: string, scope: Scope): TypedValue {
    return parseValue(text, scope, this.#environment)
  }

  /** Whether a text is an expression at all, whatever its names mean. */
  parses(text: string): boolean {
    try {
      eventTypesIn(text, [], this.#environment)
      return true
    } catch (error) {
      if (error instanceof CwsError) return false
      throw error
    }
  }

  /** Types of events that have a field which this one does not have, of which an error speaks. */
  haveInstead(error: CwsError, type: string): readonly string[] {
    const field = /has no field or constant "([^"]+)"/.exec(error.message)?.[1]
    if (field === undefined) return []
    return this.#scopes.all.filter((scope) => scope.type !== type && scope.fields.has(field)).map((scope) => scope.type)
  }
}
