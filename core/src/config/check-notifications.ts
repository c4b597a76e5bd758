import type { ErrorCode } from '../errors/codes.ts'
import { messageOf } from '../errors/cws-error.ts'
import type { Mention } from '../messages/value.ts'
import { nearest } from '../model/nearest.ts'
import { isRecord } from '../plugin/schema-walk.ts'
import { describeValue, kindOf } from '../plugin/validate.ts'
import { type NamedNotifier, uncalled } from './check-mentions.ts'
import { checkTimes, checkTo, type Flawed } from './check-notification-times.ts'
import type { Path } from './problem.ts'

export interface NotificationFlaw {
  readonly code: ErrorCode
  readonly path: Path
  readonly of: 'key' | 'value'
  readonly message: string
}

/** Parses a condition over the fields of a signal; throws a CwsError if it is wrong, tells `warn` what is legal but misleading. */
export type ConditionCheck = (text: string, warn: (warning: string) => void) => unknown

const keys = {
  name: 'a text',
  when: 'a text',
  to: 'a notifier’s name or a list of them',
  message: 'a text',
  wait: 'a duration',
  update: 'a duration',
  repeat: 'a duration',
  quiet: 'quiet hours',
  escalate: 'a list of steps',
  enabled: 'true or false',
}

/** Reads a template over the fields of a signal, and returns whom it mentions; throws a CwsError if it is wrong, tells `warn` what goes wrong with it at signals of some kind. */
export type TemplateCheck = (text: string, warn: (warning: string) => void) => readonly Mention[]

/** Judges `notifications`: keys, types, destinations, conditions. `warn` hears of conditions and templates that are legal but misleading. */
export function checkNotifications(
  given: unknown,
  notifiers: readonly NamedNotifier[],
  others: readonly string[],
  { condition, template }: { readonly condition?: ConditionCheck | undefined; readonly template?: TemplateCheck | undefined },
  warn: (path: Path, message: string) => void,
): NotificationFlaw[] {
  if (given === undefined) return []
  const flaws: NotificationFlaw[] = []
  const flaw = (path: Path, message: string, of: 'key' | 'value' = 'value', code: ErrorCode = 'CWS_ERR_CONFIG_INVALID') => {
    flaws.push({ code, path: ['notifications', ...path], of, message })
  }
  if (!Array.isArray(given)) {
    flaw([], `\`notifications\` must be a list, but ${kindOf(given)} was given`)
    return flaws
  }
  const names = new Set<string>()
  const known = notifiers.map(({ name }) => name)
  for (const [index, rule] of given.entries()) {
    if (!isRecord(rule)) {
      flaw([index], `a notification rule must be an object, but ${describeValue(rule)} was given`)
      continue
    }
    for (const key of Object.keys(rule)) {
      if (Object.hasOwn(keys, key)) continue
      const guess = nearest(key, Object.keys(keys))
      flaw(
        [index, key],
        `unknown key "${key}" in a notification rule; ${guess ? `did you mean "${guess}"?` : `there is ${Object.keys(keys).join(', ')}`}`,
        'key',
      )
    }
    const expected = (key: keyof typeof keys) => {
      const value = rule[key]
      flaw([index, key], `\`${key}\` must be ${keys[key]}, but ${value === undefined ? 'nothing' : describeValue(value)} was given`)
    }
    const { name, when, to, message, enabled } = rule
    if (typeof name !== 'string' || name === '') expected('name')
    else if (names.has(name)) flaw([index, 'name'], `two notification rules are named "${name}"`)
    else names.add(name)
    if (when !== undefined && typeof when !== 'string') expected('when')
    if (typeof when === 'string') {
      try {
        condition?.(when, (warning) => warn(['notifications', index, 'when'], `\`when\`: ${warning}`))
      } catch (error) {
        flaw([index, 'when'], `\`when\`: ${messageOf(error)}`, 'value', 'CWS_ERR_CONDITION')
      }
    }
    const inRule: Flawed = (path, message, of) => flaw([index, ...path], message, of)
    const goesTo = new Set<string>()
    const destination = (path: Path, name: string) => {
      goesTo.add(name)
      if (!known.includes(name)) flaw([index, ...path], unknownDestination(name, known, others), 'value', 'CWS_ERR_DESTINATION_UNKNOWN')
    }
    checkTimes(rule, inRule, destination)
    checkTo(to, ['to'], inRule, destination)
    if (message !== undefined && typeof message !== 'string') expected('message')
    if (typeof message === 'string') {
      try {
        const remark = (warning: string) => warn(['notifications', index, 'message'], `\`message\`: ${warning}`)
        const mentions = template?.(message, remark) ?? []
        const destinations = notifiers.filter(({ name }) => goesTo.has(name))
        for (const fault of uncalled(mentions, destinations)) remark(fault)
      } catch (error) {
        flaw([index, 'message'], `\`message\`: ${messageOf(error)}`, 'value', 'CWS_ERR_TEMPLATE')
      }
    }
    if (enabled !== undefined && typeof enabled !== 'boolean') expected('enabled')
  }
  return flaws
}

function unknownDestination(destination: string, notifiers: readonly string[], others: readonly string[]): string {
  if (others.includes(destination)) return `\`to\` names "${destination}", which is a plugin but no notifier`
  const guess = nearest(destination, notifiers)
  if (guess) return `\`to\` names "${destination}", but there is no such notifier; did you mean "${guess}"?`
  const there = notifiers.length > 0 ? `there is ${notifiers.map((it) => `"${it}"`).join(', ')}` : 'there is none among the plugins'
  return `\`to\` names "${destination}", but there is no such notifier; ${there}`
}
