import {
  type Condition,
  CwsError,
  compileCondition,
  compileValue,
  type Event,
  type Predicate,
  type Readable,
  type Scope,
  type Surroundings,
  type TypedValue,
} from '@cws/core'
import type { Problem } from '../report.ts'
import { actionSchema, inertSchemas } from './action-schema.ts'
import { type Declaration, type Declarations, typeText } from './declare.ts'
import type { Path } from './document.ts'
import type { Language } from './language.ts'
import type { WrittenAction } from './merge.ts'
import { type Policy, PolicyError } from './policy.ts'
import { unknownKeys } from './schema.ts'

/** An action that is right and that acts. */
export type Action =
  | {
      readonly kind: 'set'
      readonly filter: Condition | undefined
      readonly variable: Declaration
      readonly value: TypedValue | { readonly constant: unknown }
      /** The field with the pid of the process whose variable it is. */
      readonly pidField: string | undefined
    }
  | {
      readonly kind: 'log'
      readonly filter: Condition | undefined
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
    }

const INERT = Object.keys(inertSchemas) as (keyof typeof inertSchemas)[]

/**
 * Checks the actions of a rule. One that is wrong by itself is left out and told; `set` comes before `log`.
 * @throws PolicyError if an expression or a field in one is wrong: then the rule is refused
 */
export function compileActions(
  rule: { readonly id: string; readonly scope: Scope; readonly actions: readonly WrittenAction[]; readonly warnings: Problem[] },
  declarations: Declarations,
  language: Language,
): Action[] {
  const actions: Action[] = []
  for (const written of rule.actions) {
    const { policy, path } = written
    const refuse = (message: string, at: Path = path) => rule.warnings.push(policy.problem('error', message, at))
    for (const one of unknownKeys(actionSchema, written.value)) refuse(one.message, [...path, ...one.path])
    const parsed = actionSchema.safeParse(written.value)
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        refuse(`this action is left out: \`${issue.path.join('.')}\`: ${issue.message}`, [...path, ...(issue.path as string[])])
      continue
    }
    const { filter, set, log, ...inert } = parsed.data
    const sections = [set, log, ...Object.values(inert)].filter((one) => one !== undefined).length
    if (sections !== 1) {
      refuse('this action is left out: it needs exactly one of `set`, `log`, `kill`, `hash`, `network_filter`, `coredump`')
      continue
    }
    const checks = new Checks(policy, path, rule.scope, language)
    const when = filter === undefined ? undefined : checks.condition(filter, 'filter')
    if (set) {
      const wrong = declarations.refused.get(written)
      const variable = declarations.byName.get(set.scope === undefined ? set.name : `${set.scope}.${set.name}`)
      if (wrong || !variable) {
        if (wrong) rule.warnings.push({ ...wrong, message: `this action is left out: ${wrong.message}` })
        continue
      }
      const pidField = set.scope_field
      if (pidField !== undefined) checks.field(pidField, 'scope_field', ['int', 'int64'])
      if (set.field !== undefined) checks.field(set.field, 'field')
      const source = set.expression ?? set.field
      const value =
        source === undefined ? { constant: set.value } : checks.value(source, set.expression === undefined ? 'field' : 'expression')
      if ('type' in value && value.type.kind !== variable.type.kind)
        refuse(`this action is left out: ${variable.name} is ${typeText(variable.type)}, and this yields ${typeText(value.type)}`, [
          ...path,
          'set',
        ])
      else if ('type' in value && value.type.array && !variable.type.array)
        refuse(`this action is left out: ${variable.name} holds one value, and this yields ${typeText(value.type)}`, [...path, 'set'])
      else actions.push({ kind: 'set', filter: when, variable, value, pidField })
    } else if (log) {
      const level = log.level === 'warning' ? 'warn' : log.level
      actions.push({ kind: 'log', filter: when, level, message: log.message ?? `rule "${rule.id}" is true` })
    } else {
      const section = INERT.find((one) => inert[one] !== undefined) as keyof typeof inertSchemas
      if (section === 'hash') checks.hash(inert.hash?.field)
      if (section === 'coredump' && !inert.coredump?.process && !inert.coredump?.mount && !inert.coredump?.dentry)
        refuse('this action is left out: `coredump` needs one of `process`, `mount` and `dentry`', [...path, section])
      else refuse(`\`${section}\` does not act: it is checked, and left out`, [...path, section])
    }
  }
  return [...actions.filter(({ kind }) => kind === 'set'), ...actions.filter(({ kind }) => kind === 'log')]
}

/** What costs the rule if it is wrong. */
class Checks {
  readonly #policy: Policy
  readonly #path: Path
  readonly #scope: Scope
  readonly #language: Language

  constructor(policy: Policy, path: Path, scope: Scope, language: Language) {
    this.#policy = policy
    this.#path = path
    this.#scope = scope
    this.#language = language
  }

  condition(text: string, key: string): Condition {
    return this.#refusing([key], () => this.#language.condition(text, this.#scope))
  }

  value(text: string, key: string): TypedValue {
    return this.#refusing(['set', key], () => this.#language.value(text, this.#scope))
  }

  field(name: string, key: string, kinds?: readonly string[]): void {
    const field = this.#scope.fields.get(name)
    const at = [...this.#path, 'set', key]
    if (!field) throw new PolicyError([this.#policy.problem('error', `\`${key}\`: ${this.#scope.type} has no field "${name}"`, at)])
    if (kinds && (field.array || !kinds.includes(field.field)))
      throw new PolicyError([this.#policy.problem('error', `\`${key}\`: "${name}" is no number`, at)])
  }

  hash(field: string | undefined): void {
    const { type, fields } = this.#scope
    const of = field ?? (type === 'exec' || type === 'open' ? `${type}.file` : undefined)
    const at = [...this.#path, 'hash']
    if (of === undefined)
      throw new PolicyError([this.#policy.problem('error', `\`hash\` needs a \`field\`: ${type} says not which file`, at)])
    if (!fields.has(`${of}.path`)) throw new PolicyError([this.#policy.problem('error', `\`hash\`: ${of} is no file of ${type}`, at)])
  }

  #refusing<T>(key: Path, compile: () => T): T {
    try {
      return compile()
    } catch (error) {
      if (!(error instanceof CwsError)) throw error
      throw new PolicyError([this.#policy.problemInText('error', error, [...this.#path, ...key])])
    }
  }
}

/** What an action does when its rule is true. False if it failed: then the `set` actions behind it are left out. */
export type Act = (event: Readable) => boolean

export interface Effects extends Surroundings {
  set(variable: Declaration, event: Readable, value: unknown, pid?: unknown): boolean
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, event: Event): void
}

export function actOf(action: Action, effects: Effects): Act {
  const holds: Predicate | undefined = action.filter && compileCondition(action.filter, effects)
  const act = doing(action, effects)
  return (event) => (holds === undefined || holds(event) === true ? act(event) : true)
}

function doing(action: Action, effects: Effects): Act {
  if (action.kind === 'log')
    return (event) => {
      effects.log(action.level, action.message, event as unknown as Event)
      return true
    }
  const { variable, value, pidField } = action
  const read = 'constant' in value ? () => value.constant : compileValue(value, effects)
  return (event) => effects.set(variable, event, read(event), pidField === undefined ? undefined : event.get(pidField))
}
