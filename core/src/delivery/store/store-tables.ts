import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Conversation } from '../../notifications/conversation.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import { oweNotice } from '../telling/change-notices.ts'
import { checksumOf, isIntact, type OutboxRow } from './checksum.ts'
import { SignalTable } from './signal-table.ts'
import { Statements } from './statements.ts'
import type { StoreLimits } from './store-limits.ts'
import type { DeadRow, DestinationRow, MessageRow, Muting, Shed, ShedRow, SignalRow, StoreWrite } from './store-rows.ts'

/** The columns of `outbox`. */
const OUTBOX: readonly (keyof MessageRow | 'checksum')[] = [
  ...(['key', 'destination', 'signal', 'revision', 'severity', 'count', 'status', 'reason', 'rule', 'generation', 'tier'] as const),
  ...(['body', 'line', 'created', 'attempt', 'not_before', 'backoff', 'state', 'last_error', 'covers', 'checksum'] as const),
]

/** Signals of one rule and severity, and all together, that are read of those that are kept quiet. */
const ALIKE = 3
const MAX_KEPT = 300

/** A conversation with what it is about. */
export interface About {
  readonly conversation: Conversation
  readonly head: SignalHead
}

type AboutRow = Conversation & Omit<SignalHead, 'id' | 'rule'> & { readonly of_rule: string }
const ABOUT = 'c.*, s.rule AS of_rule, s.severity, s.status, s.revision, s.first_seen, s.last_seen, s.count'

function aboutOf({ of_rule, severity, status, revision, first_seen, last_seen, count, ...conversation }: AboutRow): About {
  return { conversation, head: { id: conversation.signal, rule: of_rule, severity, status, revision, first_seen, last_seen, count } }
}

/** The tables of `signals.db`. */
export class StoreTables {
  /** For what stands beside the signals. */
  readonly database: DatabaseSync
  readonly #limits: StoreLimits
  readonly #statements: Statements
  readonly signalTable: SignalTable

  constructor(database: DatabaseSync, limits: StoreLimits) {
    this.database = database
    this.#limits = limits
    this.#statements = new Statements(database)
    this.signalTable = new SignalTable(this.#statements, limits)
  }

  /** Applies a change; the caller opens the transaction. */
  apply(write: StoreWrite): void {
    switch (write.op) {
      case 'signal':
        for (const conversation of write.conversations) this.putConversation(conversation)
        this.signalTable.put(write.signal)
        for (const step of write.steps) this.putMessage(step)
        if (write.muting) this.#mute(write.signal.id, write.muting)
        if (write.shedTold !== undefined)
          this.#sql('UPDATE shed SET count=0, told_at=? WHERE destination=?').run(Date.now(), write.shedTold)
        break
      case 'claim':
        // Its key alone changes: what takes its turn has its place.
        if (write.replaces !== undefined) this.#sql('UPDATE outbox SET key=? WHERE key=?').run(write.message.key, write.replaces)
        this.putMessage(write.message)
        for (const conversation of write.conversations) this.putConversation(conversation)
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
      case 'settle':
        this.#removeMessage(write.key)
        for (const conversation of write.conversations) this.putConversation(conversation)
        if (write.dead) this.#bury(write.dead)
        this.#shed(write.shed)
        break
      case 'converse':
        for (const conversation of write.conversations) this.putConversation(conversation)
        for (const notice of write.notices ?? []) oweNotice(this.database, notice)
        this.#shed(write.shed)
        break
      case 'evidence':
        this.signalTable.putEvidence(write.evidence)
        break
      case 'judge':
        this.#sql('UPDATE signals SET status=? WHERE id=?').run(write.status, write.signal)
        this.#sql('UPDATE conversations SET due=0 WHERE signal=?').run(write.signal)
        for (const notice of write.notices ?? []) oweNotice(this.database, notice)
        break
      case 'destination':
        this.#sql(
          `INSERT OR REPLACE INTO destinations (name, failures, opened_at, probe_at, backoff, is_broken, last_error, last_error_at)
           VALUES (:name, :failures, :opened_at, :probe_at, :backoff, :is_broken, :last_error, :last_error_at)`,
        ).run({ ...write.destination })
        break
      case 'clock':
        this.#sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('clock', ?)").run(String(write.offset))
        break
      case 'makeup':
        this.#sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('makeup', ?)").run(write.makeup)
        for (const step of write.steps) this.putMessage(step)
        break
    }
  }

  /** One of the same key keeps its place. */
  putMessage(row: MessageRow): void {
    this.#sql(
      `INSERT INTO outbox (${OUTBOX.join(', ')}) VALUES (${OUTBOX.map((name) => `:${name}`).join(', ')})
       ON CONFLICT (key) DO UPDATE SET ${OUTBOX.map((name) => `${name}=excluded.${name}`).join(', ')}`,
    ).run({ ...row, checksum: checksumOf(row) })
  }

  /**
   * Takes out of the outbox what is not as it was written, and has its signal told anew. Returns what that was. The caller opens the transaction, and
   * opens it when nothing else reads the outbox.
   */
  quarantine(): readonly MessageRow[] {
    const damaged: OutboxRow[] = []
    for (const row of this.messages()) if (!isIntact(row as OutboxRow)) damaged.push(row as OutboxRow)
    for (const { key, destination, signal, revision, body } of damaged) {
      this.#removeMessage(key)
      const reason = 'it was damaged in the store; its signal is told anew'
      this.#bury({ key, destination, signal, revision, reason, body, at: Date.now(), in_part: 0 })
    }
    for (const { signal } of damaged)
      this.#sql(
        `UPDATE conversations SET due=0 WHERE signal=? AND due IS NULL
           AND (told_revision < wanted OR escalations <> '[]'
             OR told_status <> (SELECT status FROM signals s WHERE s.id=conversations.signal))
           AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.signal=conversations.signal AND o.destination=conversations.destination)`,
      ).run(signal)
    return damaged
  }

  putConversation(row: Conversation): void {
    this.#sql(
      `INSERT OR REPLACE INTO conversations (signal, destination, rule, wanted, changed_at, opened_at, told_revision, told_severity, told_count,
         told_status, told_at, tellings, generation, receipt, key_revision, key_count, escalations, kept_by, kept_since, due)
       VALUES (:signal, :destination, :rule, :wanted, :changed_at, :opened_at, :told_revision, :told_severity, :told_count,
         :told_status, :told_at, :tellings, :generation, :receipt, :key_revision, :key_count, :escalations, :kept_by, :kept_since, :due)`,
    ).run({ ...row })
  }

  /** Of all messages that are made or wait for their turn, to one destination or to all, in the order in which they came to be owed. */
  keys(destination: string | null = null): readonly string[] {
    const rows = this.#sql('SELECT key FROM outbox WHERE ?1 IS NULL OR destination=?1 ORDER BY rowid').all(destination)
    return (rows as unknown as { key: string }[]).map(({ key }) => key)
  }

  /** These messages, each read when it is come to: together their texts may be gigabytes. */
  *messages(destination: string | null = null): Generator<MessageRow> {
    for (const key of this.keys(destination)) {
      const row = this.message(key)
      if (row) yield row
    }
  }

  message(key: string): MessageRow | undefined {
    return this.#sql('SELECT * FROM outbox WHERE key=?').get(key) as unknown as MessageRow | undefined
  }

  conversation(signal: string, destination: string): Conversation | undefined {
    return this.#sql('SELECT * FROM conversations WHERE signal=? AND destination=?').get(signal, destination) as unknown as
      | Conversation
      | undefined
  }

  /** Of how many signals a destination was told nothing since this one is more severe. */
  kept(signal: string, destination: string): number {
    const row = this.#sql('SELECT count(*) AS count FROM conversations WHERE kept_by=? AND destination=? AND told_revision=0').get(
      signal,
      destination,
    ) as { count: number }
    return row.count
  }

  /** Those of signals that one destination was told nothing of since this one is more severe. */
  keptBy(signal: string, destination: string): Conversation[] {
    return this.#sql('SELECT * FROM conversations WHERE kept_by=? AND destination=? AND told_revision=0').all(
      signal,
      destination,
    ) as unknown as Conversation[]
  }

  /**
   * Of signals that one destination was told nothing of, since one of these `keepers` is more severe, of which it does not know either that it is so
   * severe: those that are open, the gravest first. Of many of one rule and severity the first few, so that these hide no others.
   */
  keptByUntold(destination: string, keepers: readonly string[]): readonly About[] {
    const rows = this.#sql(
      `SELECT * FROM (
         SELECT ${ABOUT}, row_number() OVER (PARTITION BY s.rule, s.severity ORDER BY c.signal) AS place
         FROM conversations c JOIN signals s ON s.id=c.signal
           JOIN conversations k ON k.signal=c.kept_by AND k.destination=c.destination JOIN signals worse ON worse.id=c.kept_by
         WHERE c.kept_by IN (SELECT value FROM json_each(?)) AND c.destination=? AND c.told_revision=0 AND s.status='open'
           AND (k.told_severity < worse.severity OR k.told_status='archived')
       ) WHERE place <= ${ALIKE} ORDER BY severity DESC, signal LIMIT ${MAX_KEPT}`,
    ).all(JSON.stringify(keepers), destination) as unknown as (AboutRow & { readonly place: number })[]
    return rows.map(({ place: _, ...row }) => aboutOf(row))
  }

  shed(): ShedRow[] {
    return this.#sql('SELECT * FROM shed').all() as unknown as ShedRow[]
  }

  /** Those about one signal. */
  conversations(signal: string): Conversation[] {
    return this.#sql('SELECT * FROM conversations WHERE signal=?').all(signal) as unknown as Conversation[]
  }

  /** Those of one destination that are to be looked at, the oldest signals first, each with what it is about. `open`: also all about signals that are open. */
  pending(destination: string, open: boolean): Generator<About> {
    return this.#conversations("(c.due IS NOT NULL OR (? AND s.status='open'))", destination, open ? 1 : 0)
  }

  /** Those about open signals of which the newest revision, which came between these times, is not told. */
  untold(destination: string, since: number, before: number): Generator<About> {
    const where = "c.told_revision < c.wanted AND c.changed_at >= ? AND c.changed_at < ? AND s.status='open'"
    return this.#conversations(where, destination, since, before)
  }

  *#conversations(where: string, ...values: readonly [destination: string, ...(readonly number[])]): Generator<About> {
    const rows = this.#sql(
      `SELECT ${ABOUT} FROM conversations c JOIN signals s ON s.id = c.signal WHERE c.destination=? AND ${where} ORDER BY c.signal`,
    ).iterate(...values) as unknown as Iterable<AboutRow>
    for (const row of rows) yield aboutOf(row)
  }

  /** How many messages and conversations are owed to destinations. */
  owed(): readonly { readonly destination: string; readonly count: number }[] {
    return this.#sql(
      `SELECT destination, count(*) AS count FROM (
         SELECT destination, signal FROM outbox UNION SELECT destination, signal FROM conversations WHERE due IS NOT NULL
       ) GROUP BY destination`,
    ).all() as unknown as { destination: string; count: number }[]
  }

  destination(name: string): DestinationRow | undefined {
    return this.#sql('SELECT * FROM destinations WHERE name=?').get(name) as unknown as DestinationRow | undefined
  }

  destinations(): DestinationRow[] {
    return this.#sql('SELECT * FROM destinations ORDER BY name').all() as unknown as DestinationRow[]
  }

  makeup(): string | undefined {
    return (this.#sql("SELECT value FROM meta WHERE key='makeup'").get() as { value: string } | undefined)?.value
  }

  clockOffset(): number {
    const row = this.#sql("SELECT value FROM meta WHERE key='clock'").get() as { value: string } | undefined
    return Number(row?.value ?? 0)
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

  isDead(signal: string, destination: string): boolean {
    return this.#sql('SELECT 1 FROM dead WHERE signal=? AND destination=? AND in_part=0 LIMIT 1').get(signal, destination) !== undefined
  }

  deadCount(): number {
    return Number(this.#sql('SELECT count(*) AS count FROM dead').get()?.['count'])
  }

  dead(limit: number): DeadRow[] {
    return this.#sql('SELECT * FROM dead ORDER BY at DESC LIMIT ?').all(limit) as unknown as DeadRow[]
  }

  /** Counts a signal once for each mute. One that left the store, and comes back since it grows, is another. */
  #mute(signal: string, { mutes, destinations }: Muting): void {
    for (const mute of mutes) {
      const counted = this.#sql('INSERT OR IGNORE INTO muted SELECT id, ? FROM mutes WHERE id=? AND ended IS NULL').run(signal, mute)
      if (counted.changes > 0) this.#sql('UPDATE mutes SET muted=muted+1 WHERE id=?').run(mute)
      for (const name of destinations)
        this.#sql('INSERT OR IGNORE INTO mute_audience SELECT id, ? FROM mutes WHERE id=? AND ended IS NULL').run(name, mute)
    }
  }

  #shed(shed: Shed | undefined): void {
    for (const lane of shed?.lanes ?? [])
      this.#sql(
        'INSERT INTO shed (destination, lane, count, told_at) VALUES (?, ?, 1, 0) ON CONFLICT (destination, lane) DO UPDATE SET count=count+1',
      ).run(shed?.destination as string, lane)
  }

  #removeMessage(key: string): void {
    this.#sql('DELETE FROM outbox WHERE key=?').run(key)
  }

  #bury(row: DeadRow): void {
    this.#sql(
      `INSERT OR REPLACE INTO dead (key, destination, signal, revision, reason, body, at, in_part)
       VALUES (:key, :destination, :signal, :revision, :reason, :body, :at, :in_part)`,
    ).run({ ...row })
    this.#sql(
      `DELETE FROM dead WHERE key IN (SELECT key FROM (
         SELECT key, row_number() OVER newest AS place, sum(octet_length(body)) OVER newest AS bytes FROM dead
         WINDOW newest AS (ORDER BY in_part, at DESC, rowid DESC)) WHERE place > ? OR bytes > ?)`,
    ).run(this.#limits.dead, this.#limits.deadBytes)
  }

  #sql(text: string): StatementSync {
    return this.#statements.of(text)
  }
}
