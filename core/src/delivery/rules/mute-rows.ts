import type { DatabaseSync } from 'node:sqlite'
import type { MuteView } from '../../notifications/mute-view.ts'

/** A row of the table `mutes`. Times of the wall clock, ms. */
export interface MuteRow {
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
  /** When those were told from whom it takes something; null: not yet. */
  readonly announced: number | null
}

/** Mutes as they are stored; of a file that no agent has open too. */
export function storedMutes(database: DatabaseSync): readonly MuteView[] {
  return muteRows(database).map((row) => muteView(row, null))
}

/** Those that are, then those that ended. */
export function muteRows(database: DatabaseSync): MuteRow[] {
  return database.prepare('SELECT * FROM mutes ORDER BY ended IS NOT NULL, id').all() as unknown as MuteRow[]
}

/** How many signals it has muted so far. */
export function mutedBy(database: DatabaseSync, mute: number): number {
  return (database.prepare('SELECT muted FROM mutes WHERE id=?').get(mute) as { muted: number }).muted
}

/** Who was told that it is, or was not told of a signal for it. */
export function audienceOf(database: DatabaseSync, mute: number): readonly string[] {
  const rows = database.prepare('SELECT destination FROM mute_audience WHERE mute=?').all(mute) as unknown as { destination: string }[]
  return rows.map(({ destination }) => destination)
}

export function muteView({ id, condition, reason, by, created, until, critical, ended, muted }: MuteRow, problem: string | null): MuteView {
  const times = { created: timeOf(created) as string, until: timeOf(until), ended: timeOf(ended) }
  return { id, when: condition, reason, by, ...times, critical: critical === 1, muted, problem }
}

export const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
