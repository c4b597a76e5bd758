import { compileCondition } from '../../condition/compile.ts'
import type { Condition, Predicate, Scope } from '../../condition/ir.ts'
import { parseCondition } from '../../condition/parse.ts'
import type { NotificationRule, QuietHoursInput } from '../../config/define-config.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { EventDefinition } from '../../model/define-event.ts'
import { nearest } from '../../model/nearest.ts'
import { durationOf } from '../../notifications/duration.ts'
import { minutesOf, type QuietHours } from '../../notifications/quiet-hours.ts'
import type { Terms } from '../../notifications/terms.ts'
import { readableSignal, signalScope } from '../../signals/scope.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { Route } from '../protocol.ts'

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
  return routesIn(rules, destinations, signalScope(events))
}

/** The same over a scope. */
export function routesIn(rules: readonly NotificationRule[], destinations: readonly string[], scope: Scope): readonly Route[] {
  return rules.flatMap((rule) => {
    const to = listOf(rule.to)
    const escalate = rule.escalate?.map((step) => ({ after: durationOf(step.after) ?? 0, to: listOf(step.to) }))
    for (const name of [...to, ...(escalate ?? []).flatMap((step) => step.to)])
      if (!destinations.includes(name)) throw unknownDestination(rule.name, name, destinations)
    const when = rule.when === undefined ? ALWAYS : conditionOf(rule.name, rule.when, scope)
    return rule.enabled === false ? [] : [{ name: rule.name, to, when, message: rule.message, escalate, ...timesOf(rule) }]
  })
}

const listOf = (to: string | readonly string[]): readonly string[] => (typeof to === 'string' ? [to] : to)

function timesOf({ wait, repeat, update, quiet }: NotificationRule): Terms {
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : durationOf(text))
  return { wait: ms(wait), repeat: ms(repeat), update: ms(update), quiet: quiet && quietOf(quiet) }
}

function quietOf({ from, to, zone, except }: QuietHoursInput): QuietHours {
  return { from: minutesOf(from) ?? 0, to: minutesOf(to) ?? 0, zone, except: except && rankOf(except) }
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
  readonly #routes: readonly { readonly route: Route; readonly when: Predicate }[] | undefined

  /** Without `routes` every destination gets every signal from `low` up. */
  constructor(destinations: readonly string[], routes: readonly Route[] | undefined) {
    this.#destinations = destinations
    this.#routes = routes?.map((route) => ({ route, when: compileCondition(route.when) }))
  }

  /** The destinations, each with the first rule that holds and names it. `severity` as a rank; the rest is read only if a rule may ask for it. */
  route(severity: number, read: () => Signal): ReadonlyMap<string, Route | undefined> {
    const owners = new Map<string, Route | undefined>()
    if (!this.#routes) {
      if (severity >= LOW) for (const name of this.#destinations) owners.set(name, undefined)
      return owners
    }
    if (this.#routes.length === 0) return owners
    const subject = readableSignal(read())
    for (const { route, when } of this.#routes) {
      if (route.to.every((name) => owners.has(name)) || when(subject) !== true) continue
      for (const name of route.to) if (!owners.has(name)) owners.set(name, route)
    }
    return owners
  }
}
