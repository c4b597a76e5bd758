import { type Condition, CwsError, type EventDefinition, type Field, fieldsIn, parseCondition, type Scope } from '@cws/core'

/** The event types of the model. */
export interface Model {
  /** @throws CwsError CWS_ERR_EVENT_UNKNOWN */
  get(type: string): EventDefinition
  types(): readonly string[]
}

export type Warn = (warning: string) => void

/** Expressions of policies: which event they are on is found out from the fields that they use. */
export class Language {
  readonly #model: Model
  /** All fields of all events: an expression is read with it first. */
  readonly #any: Scope
  /** By field, the type of event whose own it is. What all have is not there. */
  readonly #owners = new Map<string, string>()

  /** `pseudo`: scopes that are no events of the model, such as `fim.write`. */
  constructor(model: Model, pseudo: readonly Scope[] = []) {
    this.#model = model
    const fields = new Map<string, Field>()
    for (const { type, fields: own } of [...model.types().map((type) => model.get(type)), ...pseudo])
      for (const [name, field] of own) {
        fields.set(name, field)
        if (name.startsWith(`${type}.`)) this.#owners.set(name, type)
      }
    this.#any = { type: 'the model', fields }
  }

  /**
   * A condition and the type of the events that it is on.
   * @throws CwsError CWS_ERR_CONDITION, with its place where it has one
   */
  rule(text: string, scopeOf: (type: string) => Scope, warn: Warn): { readonly on: string; readonly condition: Condition } {
    const types = new Set<string>()
    for (const field of fieldsIn(parseCondition(text, this.#any))) {
      const type = this.#owners.get(field)
      if (type !== undefined) types.add(type)
    }
    const [on, other] = types
    if (on === undefined) throw new CwsError('CWS_ERR_CONDITION', 'no event: the expression uses no field that one type of event has')
    if (other !== undefined) {
      const all = [...types].join(', ')
      throw new CwsError('CWS_ERR_CONDITION', `more than one event: the expression uses fields of ${all}`)
    }
    return { on, condition: this.condition(text, scopeOf(on), warn) }
  }

  /** @throws CwsError CWS_ERR_CONDITION */
  condition(text: string, scope: Scope, warn?: Warn): Condition {
    return parseCondition(text, scope, warn)
  }

  get model(): Model {
    return this.#model
  }
}
