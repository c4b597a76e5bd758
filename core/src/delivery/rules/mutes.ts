import { fieldNamesIn } from '../../condition/analyse.ts'
import { compileCondition } from '../../condition/compile.ts'
import type { Condition, Predicate, Scope } from '../../condition/ir.ts'
import { parseCondition } from '../../condition/parse.ts'
import { regexStepsIn } from '../../condition/regex-steps.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Field } from '../../model/field.ts'
import { durationOf } from '../../notifications/duration.ts'
import { chosenByOthers, type MuteView } from '../../notifications/mute-view.ts'
import { readableSignal, signalScope } from '../../signals/scope.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { DeliveryLog } from '../log.ts'
import type { SignalStore } from '../store/store.ts'
import { oweNotice } from '../telling/change-notices.ts'
import { subjects } from '../telling/notice-kinds.ts'
import { unknownRules } from './known-rules.ts'
import { rulesIn } from './mute-audience.ts'
import { audienceOf, type MuteRow, mutedBy, muteRows, muteView, timeOf } from './mute-rows.ts'

/** Longest mute that ends, ms. */
const LONGEST_MS = 30 * 24 * 3600_000
const MAX_MUTES = 100
/** Of the regular expressions of all mutes together, as many as one may have: they are compiled at each start, and looked for in each signal. */
const MAX_STEPS = 2_000
/** Of those that ended as many are shown at most. */
const KEEP_NEWEST =
  'DELETE FROM mutes WHERE ended IS NOT NULL AND id NOT IN (SELECT id FROM mutes WHERE ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT ?)'
const MAX_TEXT = 4_096
/** Of its time, when it is said that it ends. One that never ends is said again each 30 days. */
const REMINDER = 0.8
/** How long it is shown after its end, ms. */
const SHOWN_MS = 7 * 24 * 3600_000
const CRITICAL = rankOf('critical')

interface Active {
  readonly row: MuteRow
  /** Undefined: it is wrong under this configuration. */
  readonly condition: Condition | undefined
  readonly when: Predicate | undefined
  readonly problem: string | null
}

/** Which signals nobody is told of for a while. Critical ones are told all the same, unless a mute says otherwise. */
export class Mutes {
  readonly #store: SignalStore
  readonly #log: DeliveryLog
  #scope: Scope | undefined
  #fields: ReadonlyMap<string, Field>
  #active: readonly Active[] = []

  constructor(store: SignalStore, log: DeliveryLog, fields: ReadonlyMap<string, Field> = new Map()) {
    this.#store = store
    this.#log = log
    this.#fields = fields
    this.compose(fields)
  }

  /** Another configuration: conditions are read anew. */
  compose(fields: ReadonlyMap<string, Field>): void {
    this.#fields = fields
    this.#scope = undefined
    const rows = this.#store.consult(muteRows) ?? []
    this.#active = rows.filter(({ ended }) => ended === null).map((row) => this.#read(row))
    for (const { row, problem } of this.#active)
      if (problem !== null) this.#log.warn(`mute ${row.id} mutes nothing, since its condition is wrong: ${problem}`)
  }

  get isActive(): boolean {
    return this.#active.length > 0
  }

  /** Until when nobody is to be told of this signal, by the wall clock; infinite: a mute without an end; undefined: it is told. */
  until(severity: number, read: () => Signal, now = Date.now()): number | undefined {
    const covering = this.#covering(severity, read, now)
    if (covering.length === 0) return undefined
    return Math.max(...covering.map(({ row }) => row.until ?? Number.POSITIVE_INFINITY))
  }

  /** Numbers of the mutes that nobody is to be told of this signal for. */
  covering(severity: number, read: () => Signal): readonly number[] {
    return this.#covering(severity, read, Date.now()).map(({ row }) => row.id)
  }

  /** Mutes from now on. @throws CwsError CWS_ERR_USAGE, CWS_ERR_CONDITION, CWS_ERR_STORE */
  add(args: Readonly<Record<string, unknown>>, by: string): { readonly mute: MuteView; readonly warnings: readonly string[] } {
    const { when, duration, forever, reason, critical } = args
    if (typeof when !== 'string' || when.trim() === '' || when.length > MAX_TEXT) throw usage('a mute needs a condition: --when or --rule')
    if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MAX_TEXT)
      throw usage('a mute needs a reason, for who wonders later why nobody was told: --reason')
    const created = Date.now()
    const until = forever === true ? null : created + lengthOf(duration)
    if (this.#active.length >= MAX_MUTES) throw usage(`there are ${MAX_MUTES} mutes already`)
    const steps = this.#active.reduce((sum, { row }) => sum + stepsIn(row.condition), stepsIn(when))
    if (steps > MAX_STEPS)
      throw usage(
        `regular expressions of all mutes may have ${MAX_STEPS} steps together, but with this one they have ${steps}: use wildcards`,
      )
    const warnings: string[] = []
    const condition = parseCondition(when, this.#scopeOf(), (warning) => warnings.push(warning))
    const chosen = [...fieldNamesIn(condition)].filter((name) => chosenByOthers(name, this.#scopeOf().fields.get(name)))
    if (chosen.length > 0)
      warnings.push(
        `who attacks this host chooses ${chosen.join(', ')}, and with it whether this mute holds: mute by rule.id, tags or host.name where you can`,
      )
    warnings.push(...unknownRules(this.#store, rulesIn(condition) ?? []))
    const written = { condition: when, reason, by, created, until, critical: critical === true ? 1 : 0 } as const
    const row = this.#store.administer((database) => {
      const { lastInsertRowid } = database
        .prepare(
          'INSERT INTO mutes (condition, reason, by, created, until, critical, muted) VALUES (:condition, :reason, :by, :created, :until, :critical, 0)',
        )
        .run(written)
      return { ...written, id: Number(lastInsertRowid), reminded: null, ended: null, muted: 0, announced: null }
    })
    this.#active = [...this.#active, this.#read(row)]
    this.#log.warn({ mute: row.id, condition: when, until: timeOf(until), reason, by }, 'signals are muted, since somebody asked for it')
    return { mute: muteView(row, null), warnings }
  }

  /**
   * Tells those to whom a mute that begins may matter: `whoMisses` says who would have heard of what is severe. Also of one that was made while no
   * agent ran.
   */
  announce(whoMisses: (mute: Condition, isCriticalToo: boolean) => readonly string[]): void {
    for (const { row, condition } of this.#active) {
      if (row.announced !== null || !condition) continue
      const { id, by, critical, created, until, reason } = row
      const lasts = until === null ? 'for ever' : `until ${timeOf(until)}`
      const text = `Since ${timeOf(created)} mute ${id} of ${by} keeps ${shortOf(row)} from you ${lasts}${critical === 1 ? ', critical ones too' : ''}. The reason that was given: ${reason}.`
      const weight = weightOf(condition, critical === 1)
      const announced = Date.now()
      const destinations = whoMisses(condition, critical === 1)
      this.#unlessBroken(row, () => {
        this.#store.administer((database) => {
          database.prepare('UPDATE mutes SET announced=? WHERE id=?').run(announced, id)
          const insert = database.prepare('INSERT OR IGNORE INTO mute_audience (mute, destination) VALUES (?, ?)')
          for (const destination of destinations) {
            insert.run(id, destination)
            oweNotice(database, { destination, subject: subjects.mutes, title: 'Some signals are muted', text, weight })
          }
        })
        this.#replace(row, { announced })
      })
    }
  }

  /** Ends a mute before its time. @throws CwsError CWS_ERR_USAGE, CWS_ERR_STORE */
  remove({ id }: Readonly<Record<string, unknown>>, by: string): MuteView {
    const mute = this.#active.find(({ row }) => row.id === id)
    if (!mute) {
      const ids = this.#active.map(({ row }) => row.id).join(', ')
      throw usage(`there is no mute ${JSON.stringify(id ?? null)}; there ${ids === '' ? 'is none' : `are: ${ids}`}`)
    }
    return this.#end(mute, Date.now(), `was ended by ${by}`)
  }

  /** Says what ends soon, and ends what is over. Whether something ended. */
  tick(now = Date.now()): boolean {
    let hasEnded = false
    for (const mute of this.#active) {
      const { row } = mute
      this.#unlessBroken(row, () => {
        if (row.until !== null && row.until <= now) {
          hasEnded = true
          this.#end(mute, now, 'has ended')
        } else if (isReminderDue(row, now)) this.#remind(row, now)
      })
    }
    return hasEnded
  }

  /** Those that are, then those that ended within a week. */
  list(): readonly MuteView[] {
    const problems = new Map(this.#active.map(({ row, problem }) => [row.id, problem]))
    const rows = this.#store.consult(muteRows) ?? this.#active.map(({ row }) => row)
    return rows.map((row) => muteView(row, problems.get(row.id) ?? null))
  }

  #covering(severity: number, read: () => Signal, now: number): readonly Active[] {
    if (this.#active.length === 0) return []
    const subject = readableSignal(read())
    return this.#active.filter(
      ({ row: { until, critical }, when }) =>
        (until === null || until > now) && (critical === 1 || severity < CRITICAL) && when?.(subject) === true,
    )
  }

  #end({ row }: Active, now: number, how: string): MuteView {
    this.#active = this.#active.filter((each) => each.row !== row)
    const ended = this.#store.administer((database) => {
      const muted = mutedBy(database, row.id)
      const text = `Mute ${row.id}, of ${shortOf(row)}, ${how} at ${timeOf(now)}: you were not told of ${signals(muted)}. \`cws signals list\` shows them.`
      for (const destination of audienceOf(database, row.id))
        oweNotice(database, { destination, subject: subjects.ends, title: `Mute ${row.id} has ended: ${signals(muted)} muted`, text }, now)
      database.prepare('UPDATE mutes SET ended=? WHERE id=?').run(now, row.id)
      database.prepare('DELETE FROM muted WHERE mute=?').run(row.id)
      database.prepare('DELETE FROM mute_audience WHERE mute=?').run(row.id)
      database.prepare('DELETE FROM mutes WHERE ended < ?').run(now - SHOWN_MS)
      database.prepare(KEEP_NEWEST).run(MAX_MUTES)
      return { ...row, ended: now, muted }
    })
    const { id, condition, reason } = row
    this.#log.warn({ mute: id, condition, reason, muted: ended.muted }, `mute ${id} ${how}: nobody was told of ${signals(ended.muted)}`)
    return muteView(ended, null)
  }

  #remind(row: MuteRow, now: number): void {
    const { id, condition, reason, until } = row
    const ends = until === null ? 'has no end' : `ends at ${timeOf(until)}`
    const muted = this.#store.administer((database) => {
      database.prepare('UPDATE mutes SET reminded=? WHERE id=?').run(now, id)
      const count = mutedBy(database, id)
      const text = `Mute ${id}, of ${shortOf(row)}, ${ends}: you were not told of ${signals(count)} so far. \`sudo cws notify unmute ${id}\` ends it.`
      for (const destination of audienceOf(database, id))
        oweNotice(database, { destination, subject: subjects.ends, title: `Mute ${id} ${ends}`, text }, now)
      return count
    })
    this.#replace(row, { reminded: now })
    this.#log.warn({ mute: id, condition, reason, muted }, `mute ${id} ${ends}: nobody was told of ${signals(muted)} so far`)
  }

  #replace(row: MuteRow, news: Partial<MuteRow>): void {
    this.#active = this.#active.map((each) => (each.row.id === row.id ? { ...each, row: { ...each.row, ...news } } : each))
  }

  /** The store says itself that it cannot be written; it is tried again. */
  #unlessBroken({ id }: MuteRow, what: () => void): void {
    try {
      what()
    } catch (error) {
      this.#log.debug(`mute ${id}: ${messageOf(error)}`)
    }
  }

  #read(row: MuteRow): Active {
    try {
      const condition = parseCondition(row.condition, this.#scopeOf())
      return { row, condition, when: compileCondition(condition), problem: null }
    } catch (error) {
      return { row, condition: undefined, when: undefined, problem: messageOf(error) }
    }
  }

  #scopeOf(): Scope {
    this.#scope ??= { type: 'signal', fields: new Map<string, Field>([...this.#fields, ...signalScope().fields]) }
    return this.#scope
  }
}

/** How much a mute keeps from people: signals of some rules, of whatever rule, or critical ones too. */
const weightOf = (condition: Condition, isCriticalToo: boolean): number => (isCriticalToo ? 3 : rulesIn(condition) ? 1 : 2)

/** What cannot be read has none: what is wrong with it is told elsewhere. */
function stepsIn(condition: string): number {
  try {
    return regexStepsIn(condition)
  } catch {
    return 0
  }
}

function isReminderDue({ created, until, reminded }: MuteRow, now: number): boolean {
  if (until === null) return now - (reminded ?? created) >= LONGEST_MS
  return reminded === null && now >= created + (until - created) * REMINDER
}

function lengthOf(duration: unknown): number {
  const ms = typeof duration === 'string' ? (durationOf(duration) ?? 0) : 0
  if (duration === undefined || duration === null) throw usage('a mute ends: say when with --for, such as --for 2h; --forever has none')
  if (ms <= 0) throw usage(`--for is a duration such as 30m, 2h or 7d, but ${JSON.stringify(duration)} was given`)
  if (ms > LONGEST_MS) throw usage(`a mute lasts at most 30d; --forever has no end, and is said again each 30 days`)
  return ms
}

/** Of its condition, in a message: characters. */
const MAX_SHOWN = 300
const shortOf = ({ condition }: MuteRow): string => `\`${condition.length > MAX_SHOWN ? `${condition.slice(0, MAX_SHOWN)}…` : condition}\``
const signals = (count: number): string => (count === 1 ? 'one signal' : `${count} signals`)
const usage = (message: string): CwsError => new CwsError('CWS_ERR_USAGE', message)
