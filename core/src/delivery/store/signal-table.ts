import type { StatementSync } from 'node:sqlite'
import { statusAfter } from '../../notifications/lifecycle.ts'
import type { Statements } from './statements.ts'
import type { StoreLimits } from './store-limits.ts'
import type { EvidenceRow, SignalRow } from './store-rows.ts'

/** Signals and their evidence, and the sums that keep them bounded. */
export class SignalTable {
  readonly #limits: StoreLimits
  readonly #statements: Statements
  #rows: number
  #bytes: number
  /** Signals that left to make room, since this was opened. */
  removed = 0
  /** Parts of evidence that did, alone or with their signal. */
  evidenceRemoved = 0

  constructor(statements: Statements, limits: StoreLimits) {
    this.#statements = statements
    this.#limits = limits
    const { rows, bytes } = this.#sums()
    this.#rows = rows
    this.#bytes = bytes
  }

  /** Reads the sums anew after a transaction that failed. */
  recount(): void {
    const { rows, bytes } = this.#sums()
    this.#rows = rows
    this.#bytes = bytes
  }

  #sums(): { readonly rows: number; readonly bytes: number } {
    return this.#sql(
      `SELECT (SELECT count(*) FROM signals) AS rows,
         (SELECT coalesce(sum(bytes), 0) FROM signals) + (SELECT coalesce(sum(bytes), 0) FROM evidence) AS bytes`,
    ).get() as { rows: number; bytes: number }
  }

  /** The row alone, without the sums: the caller keeps them, or undoes it. */
  insert(row: SignalRow): void {
    const { id, rule, severity, status, revision, first_seen, last_seen, count, body } = row
    this.#sql(
      `INSERT OR REPLACE INTO signals (id, rule, severity, status, revision, first_seen, last_seen, count, bytes, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(id, rule, severity, status, revision, first_seen, last_seen, count, body.length, body)
  }

  /** Stores a revision, with the status that people gave the signal. */
  put(row: SignalRow): void {
    // Ids of new signals are new.
    const before =
      row.revision === 1
        ? undefined
        : (this.#sql('SELECT bytes, status, severity FROM signals WHERE id=?').get(row.id) as
            | { bytes: number; status: string; severity: number }
            | undefined)
    this.insert({ ...row, status: statusAfter(before, row) })
    this.#bytes += row.body.length - (before?.bytes ?? 0)
    if (!before) this.#rows++
    this.#bound(row.id)
  }

  /** Evidence of a signal that is not there any more is of no use. */
  putEvidence({ signal, body }: EvidenceRow): void {
    if (!this.#sql('SELECT 1 FROM signals WHERE id=?').get(signal)) return
    this.#sql('INSERT INTO evidence (signal, bytes, body) VALUES (?, ?, ?)').run(signal, body.length, body)
    this.#bytes += body.length
    this.#bound()
  }

  /** `newest`: the signal that came just now, which is not to leave at once. */
  #bound(newest = ''): void {
    while (this.#bytes > this.#limits.bytes && this.#removeEvidence());
    while (this.#rows > 1 && (this.#rows > this.#limits.signals || this.#bytes > this.#limits.bytes)) this.#removeOldest(newest)
  }

  /** False if there is none. */
  #removeEvidence(): boolean {
    const oldest = this.#sql('SELECT rowid, bytes FROM evidence ORDER BY rowid LIMIT 1').get() as
      | { rowid: number; bytes: number }
      | undefined
    if (!oldest) return false
    this.#sql('DELETE FROM evidence WHERE rowid=?').run(oldest.rowid)
    this.#bytes -= oldest.bytes
    this.evidenceRemoved++
    return true
  }

  /** What nobody was told of stays as long as there is something else. */
  #removeOldest(newest: string): void {
    const told = 'id<>? AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.signal=id AND c.told_revision=0 AND c.due IS NOT NULL)'
    const oldest = (this.#sql(`SELECT id, bytes FROM signals WHERE status='archived' AND ${told} ORDER BY id LIMIT 1`).get(newest) ??
      this.#sql(`SELECT id, bytes FROM signals WHERE ${told} ORDER BY id LIMIT 1`).get(newest) ??
      this.#sql('SELECT id, bytes FROM signals WHERE id<>? ORDER BY id LIMIT 1').get(newest)) as { id: string; bytes: number }
    const { bytes } = this.#sql('SELECT coalesce(sum(bytes), 0) AS bytes FROM evidence WHERE signal=?').get(oldest.id) as { bytes: number }
    this.#sql('DELETE FROM signals WHERE id=?').run(oldest.id)
    this.#sql('DELETE FROM conversations WHERE signal=?').run(oldest.id)
    this.#sql('DELETE FROM muted WHERE signal=?').run(oldest.id)
    if (bytes > 0) this.evidenceRemoved += Number(this.#sql('DELETE FROM evidence WHERE signal=?').run(oldest.id).changes)
    this.#rows--
    this.#bytes -= oldest.bytes + bytes
    this.removed++
  }

  #sql(text: string): StatementSync {
    return this.#statements.of(text)
  }
}
