import type { DatabaseSync } from 'node:sqlite'
import { fieldNamesIn } from '../condition/analyse.ts'
import { compileCondition } from '../condition/compile.ts'
import type { Predicate, Scope } from '../condition/ir.ts'
import { parseCondition } from '../condition/parse.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { Field } from '../model/field.ts'
import { durationOf } from '../notifications/duration.ts'
import { chosenByOthers, type MuteView } from '../notifications/mute-view.ts'
import { readableSignal, signalScope } from '../signals/scope.ts'
import { rankOf } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'
import type { DeliveryLog } from './log.ts'
import type { SignalStore } from './store.ts'

/** Longest mute that ends, ms. */
const LONGEST_MS = 30 * 24 * 3600_000
const MAX_MUTES = 100
/** Of those that ended as many are shown at most. */
const KEEP_NEWEST =
  'DELETE FROM mutes WHERE ended IS NOT NULL AND id NOT IN (SELECT id FROM mutes WHERE ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT ?)'
const MAX_TEXT = 4_096
/** Of its time, when it is said that it ends. One that never ends is said again each 30 days. */
const REMINDER = 0.8
/** How long it is shown after its end, ms. */
const SHOWN_MS = 7 * 24 * 3600_000
const CRITICAL = rankOf('critical')

/** A row of the table of the same name. Times of the wall clock, ms. */
interface MuteRow {
  readonly id: number
  readonly condition: string
  readonly reason: string
  readonly by: string
  readonly created: number
  /** Null: it never ends. */
  readonly until: number | null
  readonly critical: 0 | 1
  readonly reminded: number | null
  readonly ended: number | null
  /** Signals that it has muted: see `Muting`. */
  readonly muted: number
}

interface Active {
  readonly row: MuteRow
  /** Undefined: its condition is wrong under this configuration. */
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
    const warnings: string[] = []
    const condition = parseCondition(when, this.#scopeOf(), (warning) => warnings.push(warning))
    const chosen = [...fieldNamesIn(condition)].filter((name) => chosenByOthers(name, this.#scopeOf().fields.get(name)))
    if (chosen.length > 0)
      warnings.push(
        `who attacks this host chooses ${chosen.join(', ')}, and with it whether this mute holds: mute by rule.id, tags or host.name where you can`,
      )
    const written = { condition: when, reason, by, created, until, critical: critical === true ? 1 : 0 } as const
    const row = this.#store.administer((database) => {
      const { lastInsertRowid } = database
        .prepare(
          'INSERT INTO mutes (condition, reason, by, created, until, critical, muted) VALUES (:condition, :reason, :by, :created, :until, :critical, 0)',
        )
        .run(written)
      return { ...written, id: Number(lastInsertRowid), reminded: null, ended: null, muted: 0 }
    })
    this.#active = [...this.#active, this.#read(row)]
    this.#log.warn({ mute: row.id, condition: when, until: timeOf(until), reason, by }, 'signals are muted, since somebody asked for it')
    return { mute: muteView(row, null), warnings }
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
      try {
        if (row.until !== null && row.until <= now) {
          hasEnded = true
          this.#end(mute, now, 'has ended')
        } else if (isReminderDue(row, now)) this.#remind(row, now)
      } catch (error) {
        this.#log.debug(`mute ${row.id}: ${messageOf(error)}`)
      }
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
      const muted = countOf(database, row.id)
      database.prepare('UPDATE mutes SET ended=? WHERE id=?').run(now, row.id)
      database.prepare('DELETE FROM muted WHERE mute=?').run(row.id)
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
    const muted = this.#store.administer((database) => {
      database.prepare('UPDATE mutes SET reminded=? WHERE id=?').run(now, id)
      return countOf(database, id)
    })
    this.#active = this.#active.map((each) => (each.row === row ? { ...each, row: { ...row, reminded: now } } : each))
    const ends = until === null ? 'has no end' : `ends at ${timeOf(until)}`
    this.#log.warn({ mute: id, condition, reason, muted }, `mute ${id} ${ends}: nobody was told of ${signals(muted)} so far`)
  }

  #read(row: MuteRow): Active {
    try {
      return { row, when: compileCondition(parseCondition(row.condition, this.#scopeOf())), problem: null }
    } catch (error) {
      return { row, when: undefined, problem: messageOf(error) }
    }
  }

  #scopeOf(): Scope {
    this.#scope ??= { type: 'signal', fields: new Map<string, Field>([...this.#fields, ...signalScope().fields]) }
    return this.#scope
  }
}

/** Mutes as they are stored; of a file that no agent has open too. */
export function storedMutes(database: DatabaseSync): readonly MuteView[] {
  return muteRows(database).map((row) => muteView(row, null))
}

function muteRows(database: DatabaseSync): MuteRow[] {
  return database.prepare('SELECT * FROM mutes ORDER BY ended IS NOT NULL, id').all() as unknown as MuteRow[]
}

function countOf(database: DatabaseSync, mute: number): number {
  return (database.prepare('SELECT muted FROM mutes WHERE id=?').get(mute) as { muted: number }).muted
}

function muteView({ id, condition, reason, by, created, until, critical, ended, muted }: MuteRow, problem: string | null): MuteView {
  const times = { created: timeOf(created) as string, until: timeOf(until), ended: timeOf(ended) }
  return { id, when: condition, reason, by, ...times, critical: critical === 1, muted, problem }
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

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const signals = (count: number): string => (count === 1 ? 'one signal' : `${count} signals`)
const usage = (message: string): CwsError => new CwsError('CWS_ERR_USAGE', message)
