import type { DatabaseSync } from 'node:sqlite'
import type { Signal } from '../../signals/signal.ts'
import type { SignalStore } from '../store/store.ts'
import { noticeKind } from './notice-kinds.ts'
import { noticeSignal } from './notice-signal.ts'

/** How long a notice waits for a destination that is not there, ms. */
const WAITS_MS = 7 * 24 * 3600_000
/** Of what is folded, as many stand in the notice: of equal weight the first five and the last five. */
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
  /** How many of the things that are counted in notices of its subject; 1 if absent. */
  readonly count?: number | undefined
}

/** The text of a change, and what it weighs. */
interface Line {
  readonly text: string
  readonly weight: number
}

/** A row of the table `notices`. */
interface NoticeRow {
  readonly destination: string
  readonly subject: string
  readonly title: string
  /** JSON, a list of `Line`, the newest last; of texts alone where an earlier version wrote them. */
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
export function oweNotice(
  database: DatabaseSync,
  { destination, subject, title, text, weight = 0, count = 1 }: Change,
  now = Date.now(),
): void {
  const before = database.prepare('SELECT * FROM notices WHERE destination=? AND subject=?').get(destination, subject) as
    | NoticeRow
    | undefined
  const lines = bounded([...(before ? linesOf(before) : []), { text: cut(text, MAX_LINE), weight }])
  database
    .prepare(
      `INSERT OR REPLACE INTO notices (destination, subject, title, lines, count, changed_at, told_at, weight, told_weight)
       VALUES (:destination, :subject, :title, :lines, :count, :changed_at, :told_at, :weight, :told_weight)`,
    )
    .run({
      destination,
      subject,
      // Of several that of the gravest, of these that of the first: what comes later hides nothing.
      title: before && before.count > 0 && before.weight >= weight ? before.title : cut(title, MAX_TITLE),
      lines: JSON.stringify(lines),
      count: (before?.count ?? 0) + count,
      changed_at: now,
      told_at: before?.told_at ?? 0,
      weight: Math.max(before?.weight ?? 0, weight),
      told_weight: before?.told_weight ?? 0,
    })
}

/** Half a character is none: strict readers of JSON refuse a message for it. */
const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed()

/** Without weights each is taken for the gravest. */
function linesOf({ lines, weight }: NoticeRow): readonly Line[] {
  return (JSON.parse(lines) as (Line | string)[]).map((line) => (typeof line === 'string' ? { text: line, weight } : line))
}

/** At most as many as may stand in a notice: of what weighs least the middle is left out, so that neither the gravest nor the first are pushed out by decoys. */
function bounded(lines: readonly Line[]): readonly Line[] {
  if (lines.length <= MAX_LINES) return lines
  const least = Math.min(...lines.map(({ weight }) => weight))
  const light = lines.filter(({ weight }) => weight === least)
  const dropped = light[Math.floor(light.length / 2)]
  return lines.filter((line) => line !== dropped)
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

function noticeOf(row: NoticeRow): Signal {
  const { subject, title, count, destination, weight } = row
  const { rule, severity, advice, things } = noticeKind(subject)
  const said = linesOf(row).map(({ text }) => text)
  const others = count - said.length
  const besides = others === 1 ? `was 1 more ${things[0]}` : `were ${others} more ${things[1]}`
  return noticeSignal({
    rule,
    severity: severity(weight),
    title: count > 1 ? `${title}, and ${count - 1} more ${things[count === 2 ? 0 : 1]}` : title,
    message: [...(others > 0 ? [`There ${besides} besides these.`] : []), ...said].join(' '),
    advice,
    count,
    group: { destination },
  })
}
