import type { DatabaseSync } from 'node:sqlite'
import type { Signal } from '../signals/signal.ts'
import { noticeKind } from './notice-kinds.ts'
import { noticeSignal } from './notice-signal.ts'
import type { SignalStore } from './store.ts'

/** How long a notice waits for a destination that is not there, ms. */
const WAITS_MS = 7 * 24 * 3600_000
/** Of what is folded, as many stand in the notice. */
const MAX_LINES = 10
const MAX_LINE = 1_000
const MAX_TITLE = 300

/** What a destination is to hear of. */
export interface Change {
  readonly destination: string
  /** One of `subjects`, by which it is paced. */
  readonly subject: string
  readonly title: string
  /** One line: who did what when. */
  readonly text: string
  /** How much it takes, among others of its subject: what weighs more than what was told is told at once. 0 if absent. */
  readonly weight?: number | undefined
}

/** A row of the table `notices`. */
interface NoticeRow {
  readonly destination: string
  readonly subject: string
  readonly title: string
  /** JSON, a list of texts, the newest last. */
  readonly lines: string
  /** Changes since the last notice; 0: none, and it is only known when that was. */
  readonly count: number
  readonly changed_at: number
  readonly told_at: number
  /** The greatest of what is not told yet, and of what was told last. */
  readonly weight: number
  readonly told_weight: number
}

/** Keeps what a destination is to hear, in the transaction of the caller: it is told by the agent that runs, or by the next one. */
export function oweNotice(database: DatabaseSync, { destination, subject, title, text, weight = 0 }: Change, now = Date.now()): void {
  const before = database.prepare('SELECT * FROM notices WHERE destination=? AND subject=?').get(destination, subject) as
    | NoticeRow
    | undefined
  const lines = [...(before ? (JSON.parse(before.lines) as string[]) : []), text.slice(0, MAX_LINE)].slice(-MAX_LINES)
  database
    .prepare(
      `INSERT OR REPLACE INTO notices (destination, subject, title, lines, count, changed_at, told_at, weight, told_weight)
       VALUES (:destination, :subject, :title, :lines, :count, :changed_at, :told_at, :weight, :told_weight)`,
    )
    .run({
      destination,
      subject,
      // Of several that of the gravest.
      title: before && before.count > 0 && before.weight > weight ? before.title : title.slice(0, MAX_TITLE),
      lines: JSON.stringify(lines),
      count: (before?.count ?? 0) + 1,
      changed_at: now,
      told_at: before?.told_at ?? 0,
      weight: Math.max(before?.weight ?? 0, weight),
      told_weight: before?.told_weight ?? 0,
    })
}

/** Tells destinations of what takes something from them: as notices, paced. */
export class ChangeNotices {
  readonly #store: SignalStore
  readonly #send: (destination: string, notice: Signal) => boolean

  /** `send` is false where there is no such destination: it may come back. */
  constructor(store: SignalStore, send: (destination: string, notice: Signal) => boolean) {
    this.#store = store
    this.#send = send
  }

  /** Tells what may be told by now. */
  tell(now = Date.now()): void {
    // What could not be marked as told would be told again and again. The store says itself that it cannot be written.
    if (this.#store.error !== undefined) return
    const rows = this.#store.consult((database) => database.prepare('SELECT * FROM notices').all() as unknown as NoticeRow[]) ?? []
    for (const row of rows) {
      const { destination, subject, count, changed_at, told_at, weight, told_weight } = row
      // A clock that was set back holds nothing up.
      const isPaced = told_at <= now && now - told_at < noticeKind(subject).everyMs && weight <= told_weight
      if (isPaced) continue
      if (count > 0 && this.#send(destination, noticeOf(row))) this.#told(destination, subject, now)
      // Only after it was tried: it is also late where the host was off, or its clock was set forward.
      else if (count === 0 || now - changed_at > WAITS_MS) this.#forget(destination, subject)
    }
  }

  #forget(destination: string, subject: string): void {
    this.#change('DELETE FROM notices WHERE destination=? AND subject=?', destination, subject)
  }

  #told(destination: string, subject: string, now: number): void {
    this.#change(
      "UPDATE notices SET count=0, lines='[]', told_at=?, told_weight=weight, weight=0 WHERE destination=? AND subject=?",
      now,
      destination,
      subject,
    )
  }

  #change(sql: string, ...values: readonly (string | number)[]): void {
    try {
      this.#store.administer((database) => database.prepare(sql).run(...values))
    } catch {
      // Seen at the next look.
    }
  }
}

function noticeOf({ subject, title, lines, count, destination, weight }: NoticeRow): Signal {
  const { rule, severity, advice, things } = noticeKind(subject)
  const said = JSON.parse(lines) as string[]
  const others = count - said.length
  const before = others > 0 ? [`There were ${others} more ${things[1]} before these.`] : []
  return noticeSignal({
    rule,
    severity: severity(weight),
    title: count > 1 ? `${title}, and ${count - 1} more ${things[count === 2 ? 0 : 1]}` : title,
    message: [...before, ...said].join(' '),
    advice,
    count,
    group: { destination },
  })
}
