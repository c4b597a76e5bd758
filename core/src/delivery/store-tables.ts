import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { DeadRow, EntryRow, EvidenceRow, SignalRow, StoreWrite } from './store-rows.ts'

/** Bounds on disk. Of too many bytes the oldest evidence leaves first: it is large, and who is found often must not push out what was found of others. Then the oldest archived signals, then the oldest of all, each with its evidence. */
export interface StoreLimits {
  readonly signals: number
  /** Of all bodies and evidence, in UTF-16 units. */
  readonly bytes: number
  readonly dead: number
}

/** The tables of `signals.db`: prepared statements, and the sums that keep it bounded. */
export class StoreTables {
  readonly #database: DatabaseSync
  readonly #limits: StoreLimits
  readonly #statements = new Map<string, StatementSync>()
  #rows: number
  #bytes: number
  /** Signals that left to make room, since this was opened. */
  removed = 0
  /** Parts of evidence that did, alone or with their signal. */
  evidenceRemoved = 0

  constructor(database: DatabaseSync, limits: StoreLimits) {
    this.#database = database
    this.#limits = limits
    const { rows, bytes } = this.#sums()
    this.#rows = rows
    this.#bytes = bytes
  }

  /** Applies a change; the caller opens the transaction. */
  apply(write: StoreWrite): void {
    switch (write.op) {
      case 'signal':
        for (const key of write.replaces) this.#removeEntry(key)
        this.#putSignal(write.signal)
        for (const entry of write.entries) this.putEntry(entry)
        break
      case 'progress': {
        const { attempt, not_before, backoff, state, last_error } = write.progress
        this.#sql('UPDATE outbox SET attempt=?, not_before=?, backoff=?, state=?, last_error=? WHERE key=?').run(
          attempt,
          not_before,
          backoff,
          state,
          last_error,
          write.key,
        )
        break
      }
      case 'remove':
        this.#removeEntry(write.key)
        break
      case 'bury':
        this.#bury(write.dead)
        break
      case 'evidence':
        this.#putEvidence(write.evidence)
        break
      case 'judge':
        this.#sql('UPDATE signals SET status=? WHERE id=?').run(write.status, write.signal)
        break
    }
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

  putEntry(row: EntryRow): void {
    this.#sql(
      `INSERT OR REPLACE INTO outbox (key, destination, signal, revision, severity, body, created, attempt, not_before, backoff, state, last_error)
       VALUES (:key, :destination, :signal, :revision, :severity, :body, :created, :attempt, :not_before, :backoff, :state, :last_error)`,
    ).run({ ...row })
  }

  /** Everything owed, oldest first. */
  entries(): IterableIterator<EntryRow> {
    return this.#sql('SELECT * FROM outbox ORDER BY created, revision, rowid').iterate() as unknown as IterableIterator<EntryRow>
  }

  entryBody(key: string): string | undefined {
    return (this.#sql('SELECT body FROM outbox WHERE key=?').get(key) as { body: string } | undefined)?.body
  }

  signal(id: string): SignalRow | undefined {
    return this.#sql('SELECT * FROM signals WHERE id=?').get(id) as unknown as SignalRow | undefined
  }

  signalBody(id: string): string | undefined {
    return (this.#sql('SELECT body FROM signals WHERE id=?').get(id) as { body: string } | undefined)?.body
  }

  /** Newest first. `status` null: all. */
  signals(limit: number, severity: number, rule: string | null, status: string | null = null): SignalRow[] {
    return this.#sql(
      `SELECT * FROM signals WHERE severity >= ? AND (?2 IS NULL OR rule = ?2) AND (?3 IS NULL OR instr(?3, status) > 0)
       ORDER BY id DESC LIMIT ?4`,
    ).all(severity, rule, status, limit) as unknown as SignalRow[]
  }

  /** The parts of the evidence of a signal, in their order. */
  evidence(signal: string): string[] {
    const rows = this.#sql('SELECT body FROM evidence WHERE signal=? ORDER BY rowid').all(signal) as unknown as { body: string }[]
    return rows.map(({ body }) => body)
  }

  dead(limit: number): DeadRow[] {
    return this.#sql('SELECT * FROM dead ORDER BY at DESC LIMIT ?').all(limit) as unknown as DeadRow[]
  }

  /** The row alone, without the sums: the caller keeps them, or undoes it. */
  insertSignal(row: SignalRow): void {
    const { id, rule, severity, status, revision, first_seen, last_seen, count, body } = row
    this.#sql(
      `INSERT OR REPLACE INTO signals (id, rule, severity, status, revision, first_seen, last_seen, count, bytes, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(id, rule, severity, status, revision, first_seen, last_seen, count, body.length, body)
  }

  #putSignal(row: SignalRow): void {
    // Ids of new signals are new.
    const before =
      row.revision === 1
        ? undefined
        : (this.#sql('SELECT bytes, status FROM signals WHERE id=?').get(row.id) as { bytes: number; status: string } | undefined)
    this.insertSignal(before && row.status === 'open' ? { ...row, status: before.status } : row)
    this.#bytes += row.body.length - (before?.bytes ?? 0)
    if (!before) this.#rows++
    this.#bound()
  }

  /** Evidence of a signal that is not there any more is of no use. */
  #putEvidence({ signal, body }: EvidenceRow): void {
    if (!this.#sql('SELECT 1 FROM signals WHERE id=?').get(signal)) return
    this.#sql('INSERT INTO evidence (signal, bytes, body) VALUES (?, ?, ?)').run(signal, body.length, body)
    this.#bytes += body.length
    this.#bound()
  }

  #bound(): void {
    while (this.#bytes > this.#limits.bytes && this.#removeEvidence());
    while (this.#rows > 1 && (this.#rows > this.#limits.signals || this.#bytes > this.#limits.bytes)) this.#removeOldest()
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

  #removeOldest(): void {
    const oldest = (this.#sql("SELECT id, bytes FROM signals WHERE status='archived' ORDER BY id LIMIT 1").get() ??
      this.#sql('SELECT id, bytes FROM signals ORDER BY id LIMIT 1').get()) as { id: string; bytes: number }
    const { bytes } = this.#sql('SELECT coalesce(sum(bytes), 0) AS bytes FROM evidence WHERE signal=?').get(oldest.id) as { bytes: number }
    this.#sql('DELETE FROM signals WHERE id=?').run(oldest.id)
    if (bytes > 0) this.evidenceRemoved += Number(this.#sql('DELETE FROM evidence WHERE signal=?').run(oldest.id).changes)
    this.#rows--
    this.#bytes -= oldest.bytes + bytes
    this.removed++
  }

  #removeEntry(key: string): void {
    this.#sql('DELETE FROM outbox WHERE key=?').run(key)
  }

  #bury(row: DeadRow): void {
    this.#removeEntry(row.key)
    this.#sql(
      `INSERT OR REPLACE INTO dead (key, destination, signal, revision, reason, body, at)
       VALUES (:key, :destination, :signal, :revision, :reason, :body, :at)`,
    ).run({ ...row })
    this.#sql('DELETE FROM dead WHERE key IN (SELECT key FROM dead ORDER BY at DESC LIMIT -1 OFFSET ?)').run(this.#limits.dead)
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (!statement) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}
