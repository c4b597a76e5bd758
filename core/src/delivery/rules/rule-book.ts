import type { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import type { Scope } from '../../condition/ir.ts'
import { parseCondition } from '../../condition/parse.ts'
import { checkNotifications } from '../../config/check-notifications.ts'
import type { NotificationRule } from '../../config/define-config.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Mention } from '../../messages/value.ts'
import type { Field } from '../../model/field.ts'
import { nearest } from '../../model/nearest.ts'
import { lossesOf } from '../../notifications/losses.ts'
import type { Makeup } from '../../notifications/makeup.ts'
import { type Edit, type EditableField, editableFields, type PatchedRule, patchRules } from '../../notifications/patch.ts'
import { type RuleView, ruleView } from '../../notifications/rule-view.ts'
import { fingerprintOf } from '../../plugin/fingerprint.ts'
import { signalScope } from '../../signals/scope.ts'
import type { DeliveryLog } from '../log.ts'
import type { DeliveryComposition, Route } from '../protocol.ts'
import type { SignalStore } from '../store/store.ts'
import { oweNotice } from '../telling/change-notices.ts'
import { subjects } from '../telling/notice-kinds.ts'
import { routesIn } from '../telling/routing.ts'

const MAX_EDITS = 1_000
const MAX_NAME = 200
/** Of one value, characters of JSON. */
const MAX_VALUE = 32_768

/** Of one value, in the log: characters. A long one hides no other. */
const MAX_LOGGED = 200

type Rules = Pick<DeliveryComposition, 'destinations' | 'notifications' | 'routes' | 'fields'>
type Args = Readonly<Record<string, unknown>>

/** Reads a template over the fields of a signal, and returns whom it mentions; throws a CwsError if it is wrong, tells `warn` what goes wrong with it at signals of some kind. */
export type CheckTemplate = (text: string, scope: Scope, warn: (problem: string) => void) => readonly Mention[]

export interface Effective {
  /** Undefined: there are no rules, and every notifier is told of every signal from `low` up. */
  readonly routes: readonly Route[] | undefined
  readonly rules: readonly (PatchedRule & { readonly problem: string | null })[] | undefined
}

/** The rules as they fire. An edited rule that is wrong under this configuration fires as the configuration has it; an added one does not. */
export function effectiveRules(composition: Rules, edits: readonly Edit[]): Effective {
  const { notifications, routes = [], destinations, fields } = composition
  if (!notifications) {
    const orphans = patchRules([], edits).map((each) => ({ ...each, origin: 'orphaned', rule: undefined, problem: null }) as const)
    return { routes: undefined, rules: orphans.length > 0 ? orphans : undefined }
  }
  const names = destinations.map(({ name }) => name)
  let scope: Scope | undefined
  const made = patchRules(notifications, edits).map((each) => {
    const configured = routes.filter(({ name }) => name === each.name)
    if (each.origin === 'config') return { routes: configured, rule: { ...each, problem: null } }
    if (!each.rule) return { routes: [], rule: { ...each, problem: null } }
    try {
      scope ??= scopeOf(fields)
      return { routes: routesIn([each.rule], names, scope), rule: { ...each, problem: null } }
    } catch (error) {
      return { routes: configured, rule: { ...each, rule: each.config, problem: messageOf(error) } }
    }
  })
  return { routes: made.flatMap((each) => each.routes), rules: made.map(({ rule }) => rule) }
}

/** The rules of a configuration with what people change of them while the agent runs: kept by name of the rule and field, over reloads and restarts. */
export class RuleBook {
  readonly #store: SignalStore
  readonly #log: DeliveryLog
  #composition: Rules
  #effective: Effective

  constructor(store: SignalStore, log: DeliveryLog, composition: Rules) {
    this.#store = store
    this.#log = log
    this.#composition = composition
    this.#effective = this.#look()
    this.#complain()
  }

  /** Another configuration. */
  compose(composition: Rules): void {
    this.#composition = composition
    this.#effective = this.#look()
    this.#complain()
  }

  get routes(): readonly Route[] | undefined {
    return this.#effective.routes
  }

  views(): readonly RuleView[] | null {
    return viewsOf(this.#effective)
  }

  /** The rules as they fire, by name, each with a fingerprint; and who changed them last while the agent ran. */
  get makeup(): { readonly notifications: Makeup['notifications']; readonly by: ReadonlyMap<string, string> } {
    const rules = this.#effective.rules ?? []
    return {
      notifications: Object.fromEntries(rules.flatMap(({ name, rule }) => (rule ? [[name, fingerprintOf(rule)]] : []))),
      by: new Map(
        rules.flatMap(({ name, edits }) => {
          const last = edits.toSorted((a, b) => b.at.localeCompare(a.at))[0]
          return last ? [[name, last.by] as const] : []
        }),
      ),
    }
  }

  /** Names of the rules that are not as the configuration has them. */
  get edited(): ReadonlySet<string> {
    return new Set((this.#effective.rules ?? []).filter(({ edits }) => edits.length > 0).map(({ name }) => name))
  }

  /** Names of the rules that can fire. */
  get names(): readonly string[] {
    return (this.#effective.rules ?? []).flatMap(({ rule }) => (rule ? [rule.name] : []))
  }

  /**
   * Changes a rule: `set`, values by field, null for none; `add`; `delete`; `reset`, back to the configuration. Checked whole before it is kept.
   * @throws CwsError CWS_ERR_USAGE, CWS_ERR_CONDITION, CWS_ERR_TEMPLATE, CWS_ERR_DESTINATION_UNKNOWN, CWS_ERR_STORE
   */
  change(args: Args, by: string, checkTemplate: CheckTemplate): { readonly rule: RuleView | null; readonly warnings: readonly string[] } {
    const { rule: name, add, delete: remove, reset } = args
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME)
      throw usage(`a rule has a name of at most ${MAX_NAME} characters`)
    const known = this.#effective.rules?.find((each) => each.name === name)
    const warnings: string[] = []
    const at = new Date().toISOString()
    if (add === true) {
      if (this.#composition.notifications === undefined)
        throw usage(
          'the configuration has no notification rules, so that every notifier is told of every signal from low up: an added rule would end that',
        )
      if (known) throw usage(`there is a notification rule "${name}" already${known.rule ? '' : `, which is ${known.origin}`}`)
      const edits = this.#edits(name, args['set'], undefined, at, by)
      this.#check(patchRules([], [...edits, added(name, at, by)]), checkTemplate, warnings)
      this.#keep(known, name, [added(name, at, by), ...edits], by)
    } else {
      if (!known) throw unknownRule(name, this.#effective.rules?.map((each) => each.name) ?? [])
      if (remove === true) {
        const row = { rule: name, field: 'deleted', value: true, base: null, at, by } as const
        this.#keep(known, name, known.config ? [row] : [], by)
      } else if (reset === true) {
        if (known.origin === 'added') throw usage(`"${name}" is not of the configuration: delete it, or edit it`)
        this.#keep(known, name, [], by)
      } else {
        if (known.origin === 'orphaned' || known.origin === 'deleted')
          throw usage(`"${name}" is ${known.origin}: it does not fire, and cannot be edited; --reset forgets its edits`)
        const fresh = this.#edits(name, args['set'], known.config, at, by)
        const before = known.edits.filter(({ field }) => !fresh.some((each) => each.field === field))
        // What is again as the configuration has it needs no edit.
        const all = [...before, ...fresh].filter(({ field, value }) => !known.config || !isSame(known.config, field, value))
        this.#check(patchRules(known.config ? [known.config] : [], all), checkTemplate, warnings)
        this.#keep(known, name, all, by)
      }
    }
    this.#log.warn({ rule: name, by, change: changeOf(args) }, 'a notification rule was changed, since somebody asked for it')
    this.#effective = this.#look()
    return { rule: this.views()?.find((each) => each.name === name) ?? null, warnings }
  }

  #look(): Effective {
    return effectiveRules(this.#composition, this.#store.consult(storedEdits) ?? [])
  }

  #complain(): void {
    for (const { name, origin, problem } of this.#effective.rules ?? []) {
      if (origin === 'orphaned')
        this.#log.warn(`the configuration has no notification rule "${name}" any more: what was changed of it is kept, and does not fire`)
      if (problem !== null) this.#log.warn(`the notification rule "${name}" cannot fire as it was changed: ${problem}`)
    }
  }

  #edits(rule: string, set: unknown, config: NotificationRule | undefined, at: string, by: string): readonly Edit[] {
    const fields = Object.entries(typeof set === 'object' && set !== null ? set : {})
    if (fields.length === 0) throw usage('say what to change of the rule')
    return fields.map(([field, value]) => {
      if (!editableFields.includes(field as EditableField)) {
        const guess = nearest(field, editableFields)
        throw usage(`a rule has no field "${field}"; ${guess ? `did you mean "${guess}"?` : `there is ${editableFields.join(', ')}`}`)
      }
      if (JSON.stringify(value ?? null).length > MAX_VALUE) throw usage(`${field} is too long: at most ${MAX_VALUE} characters`)
      return { rule, field: field as EditableField, value: value ?? null, base: config?.[field as EditableField] ?? null, at, by }
    })
  }

  #check(patched: readonly PatchedRule[], checkTemplate: CheckTemplate, warnings: string[]): void {
    const { destinations, fields } = this.#composition
    const scope = scopeOf(fields)
    const rules = patched.flatMap(({ rule }) => rule ?? [])
    const checks = {
      condition: (text: string, warn: (warning: string) => void) => parseCondition(text, scope, warn),
      template: (text: string, warn: (problem: string) => void) => checkTemplate(text, scope, warn),
    }
    const names = destinations.map(({ name }) => name)
    const notifiers = destinations.map(({ name, manner }) => ({ name, mentions: manner.mentions }))
    const [flaw] = checkNotifications(rules, notifiers, [], checks, (_, message) => warnings.push(message))
    if (flaw) throw new CwsError(flaw.code === 'CWS_ERR_CONFIG_INVALID' ? 'CWS_ERR_USAGE' : flaw.code, flaw.message)
    routesIn(rules, names, scope)
  }

  /** In the place of all edits of the rule. From whom that takes what they were told is to hear of it. */
  #keep(known: PatchedRule | undefined, rule: string, edits: readonly Edit[], by: string): void {
    const patched = patchRules(known?.config ? [known.config] : [], edits).find(({ name }) => name === rule)
    const losses = lossesOf(known?.rule, patched?.rule)
    this.#store.administer((database) => {
      for (const [destination, { text: loss, weight }] of losses) {
        const text = `${new Date().toISOString()}, ${by}: the notification rule "${rule}" ${loss}.`
        oweNotice(database, {
          destination,
          subject: subjects.rule(rule),
          title: `The notification rule "${rule}" was changed`,
          text,
          weight,
        })
      }
      database.prepare('DELETE FROM rule_edits WHERE rule=?').run(rule)
      const insert = database.prepare('INSERT INTO rule_edits (rule, field, value, base, at, by) VALUES (?, ?, ?, ?, ?, ?)')
      for (const { field, value, base, at, by } of edits)
        insert.run(rule, field, JSON.stringify(value), JSON.stringify(base), Date.parse(at), by)
      const { n } = database.prepare('SELECT count(*) AS n FROM rule_edits').get() as { n: number }
      if (n > MAX_EDITS) throw usage(`there are ${MAX_EDITS} changes of rules already: write some into the configuration`)
    })
  }
}

/** What is shown of rules; null: there are none. */
export function viewsOf({ rules }: Effective): readonly RuleView[] | null {
  return rules?.map((each) => ruleView(each)) ?? null
}

/** Edits as they are stored, those of one rule in the order of their fields. */
export function storedEdits(database: DatabaseSync): readonly Edit[] {
  const rows = database.prepare('SELECT * FROM rule_edits ORDER BY rule, field').all() as unknown as {
    readonly rule: string
    readonly field: Edit['field']
    readonly value: string
    readonly base: string
    readonly at: number
    readonly by: string
  }[]
  return rows.map((row) => ({ ...row, value: JSON.parse(row.value), base: JSON.parse(row.base), at: new Date(row.at).toISOString() }))
}

/** What the log says of a change: what was done, then each field with its value. */
function changeOf({ add, delete: remove, reset, set }: Args): string {
  const done = add === true ? 'added' : remove === true ? 'deleted' : reset === true ? 'reset' : 'edited'
  const values = editableFields
    .filter((field) => typeof set === 'object' && set !== null && Object.hasOwn(set, field))
    .map((field) => `${field}: ${JSON.stringify((set as Args)[field] ?? null).slice(0, MAX_LOGGED)}`)
  return [done, ...(remove === true || reset === true ? [] : values)].join(', ')
}

const added = (rule: string, at: string, by: string): Edit => ({ rule, field: 'added', value: true, base: null, at, by })
const isSame = (config: NotificationRule, field: Edit['field'], value: unknown): boolean =>
  field !== 'added' && field !== 'deleted' && isDeepStrictEqual(config[field] ?? (field === 'enabled' ? true : null), value)
const scopeOf = (fields: ReadonlyMap<string, Field>): Scope => ({
  type: 'signal',
  fields: new Map<string, Field>([...fields, ...signalScope().fields]),
})
const usage = (message: string): CwsError => new CwsError('CWS_ERR_USAGE', message)

function unknownRule(name: string, names: readonly string[]): CwsError {
  const guess = nearest(name, names)
  return new CwsError('CWS_ERR_USAGE', `there is no notification rule "${name}"${guess ? `; did you mean "${guess}"?` : ''}`, {
    hint: names.length > 0 ? `there are: ${names.join(', ')}` : 'there is none',
  })
}
