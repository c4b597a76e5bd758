import { compileCondition } from '../condition/compile.ts'
import type { Condition, Predicate } from '../condition/ir.ts'
import { parseCondition } from '../condition/parse.ts'
import type { NotificationRule } from '../config/define-config.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { nearest } from '../model/nearest.ts'
import { readableSignal, signalScope } from '../signals/scope.ts'
import { rankOf } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'
import type { Route } from './protocol.ts'

const LOW = rankOf('low')
const ALWAYS: Condition = { op: 'always' }

/**
 * Checks notification rules against the notifiers there are and the fields of a signal. Disabled rules are checked too, and left out.
 * @throws CwsError CWS_ERR_DESTINATION_UNKNOWN or CWS_ERR_CONDITION, naming the rule.
 */
export function routesOf(
  rules: readonly NotificationRule[],
  destinations: readonly string[],
  events?: readonly EventDefinition[],
): readonly Route[] {
  const scope = signalScope(events)
  return rules.flatMap((rule) => {
    const to = typeof rule.to === 'string' ? [rule.to] : rule.to
    for (const name of to) if (!destinations.includes(name)) throw unknownDestination(rule.name, name, destinations)
    const when = rule.when === undefined ? ALWAYS : conditionOf(rule.name, rule.when, scope)
    return rule.enabled === false ? [] : [{ name: rule.name, to, when }]
  })
}

function conditionOf(rule: string, text: string, scope: ReturnType<typeof signalScope>): Condition {
  try {
    return parseCondition(text, scope)
  } catch (error) {
    const frame = error instanceof CwsError ? error.frame : undefined
    throw new CwsError('CWS_ERR_CONDITION', `notification "${rule}", when: ${messageOf(error)}`, { cause: error, frame })
  }
}

function unknownDestination(rule: string, name: string, known: readonly string[]): CwsError {
  const suggestion = nearest(name, known)
  return new CwsError(
    'CWS_ERR_DESTINATION_UNKNOWN',
    `notification "${rule}" goes to "${name}", which is no notifier among the plugins${suggestion ? `; did you mean "${suggestion}"?` : ''}`,
    { hint: known.length > 0 ? `there are: ${known.join(', ')}` : 'there is none' },
  )
}

/** Decides who hears of a signal. */
export class Router {
  readonly #destinations: readonly string[]
  readonly #routes: readonly { readonly to: readonly string[]; readonly when: Predicate }[] | undefined

  /** Without `routes` every destination gets every signal from `low` up. */
  constructor(destinations: readonly string[], routes: readonly Route[] | undefined) {
    this.#destinations = destinations
    this.#routes = routes?.map(({ to, when }) => ({ to, when: compileCondition(when) }))
  }

  /** Names of the destinations, each once. `severity` as a rank; the rest is read only if a rule may ask for it. */
  route(severity: number, read: () => Signal): readonly string[] {
    if (!this.#routes) return severity >= LOW ? this.#destinations : []
    if (this.#routes.length === 0) return []
    const subject = readableSignal(read())
    const names = new Set<string>()
    for (const { to, when } of this.#routes) if (when(subject) === true) for (const name of to) names.add(name)
    return [...names]
  }
}
