import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Conversation } from '../../notifications/conversation.ts'
import type { DeliveryLog } from '../log.ts'
import { Checkpoints } from './checkpoints.ts'
import { isCorrupt, moveAside, openDatabase, transaction } from './database.ts'
import { signalMigrations } from './migrations.ts'
import { salvage } from './salvage.ts'
import type { StoreLimits } from './store-limits.ts'
import type { DeadRow, DestinationRow, MessageRow, ShedRow, SignalRow, StoreWrite } from './store-rows.ts'
import { type About, StoreTables } from './store-tables.ts'
import { WalSync } from './wal-sync.ts'
import { WriteBacklog } from './write-backlog.ts'

/** Name of the database in the state folder. */
export const SIGNALS_FILE = 'signals.db'
const RECOVER_MS = 5_000
const LIMITS: StoreLimits = { signals: 50_000, bytes: 256 * 1024 * 1024, dead: 1_000, deadBytes: 64 * 1024 * 1024 }

export interface StoreOptions {
  readonly stateDir: string
  readonly log: DeliveryLog
  readonly limits?: Partial<StoreLimits>
  readonly recoverMs?: number
}

/**
 * Signals, conversations and outbox in one file, `signals.db`: a signal and what is owed of it are one transaction. A disk that refuses does not stop the
 * agent: changes gather in memory, bounded, until it takes them. A corrupt file is moved aside, what can be read of the outbox is kept. What is committed
 * is safe against power loss within 200 ms; what is critical is synced at once, while it is told: see `WalSync`.
 */
export class SignalStore {
  readonly #file: string
  readonly #log: DeliveryLog
  readonly #limits: StoreLimits
  readonly #recoverMs: number
  readonly #backlog = new WriteBacklog()
  #database: DatabaseSync | undefined
  #tables: StoreTables | undefined
  #checkpoints: Checkpoints | undefined
  #wal: WalSync | undefined
  #recoverTimer: NodeJS.Timeout | undefined
  #removedBefore = 0
  #evidenceRemovedBefore = 0
  #closed = false
  stored = 0
  /** Why the store cannot be written; undefined while it can. */
  error: string | undefined

  constructor(options: StoreOptions) {
    this.#file = join(options.stateDir, SIGNALS_FILE)
    this.#log = options.log
    this.#limits = { ...LIMITS, ...options.limits }
    this.#recoverMs = options.recoverMs ?? RECOVER_MS
    try {
      this.#open()
    } catch (error) {
      if (error instanceof CwsError) throw error
      this.#break(error)
    }
  }

  /** Signals that left to make room or were never stored. */
  get removed(): number {
    return this.#removedBefore + (this.#tables?.signalTable.removed ?? 0) + this.#backlog.dropped
  }

  /** Parts of evidence that left to make room. */
  get evidenceRemoved(): number {
    return this.#evidenceRemovedBefore + (this.#tables?.signalTable.evidenceRemoved ?? 0)
  }

  /** Parts of evidence that will not be stored, since a broken store had no room for them. */
  get evidenceDropped(): number {
    return this.#backlog.evidenceDropped
  }

  /** Takes a change; returns when it is committed, or kept in memory by a broken store. `urgent`: its sync begins at once. */
  write(change: StoreWrite, urgent = false): void {
    if (this.error === undefined && this.#backlog.size === 0) {
      try {
        const database = this.#database as DatabaseSync
        transaction(database, () => this.#tables?.apply(change))
        if (change.op === 'signal') this.stored++
        this.#committed(urgent)
        return
      } catch (error) {
        this.#break(error)
      }
    }
    this.#backlog.add(change)
  }

  /** Writes a signal and takes it back. */
  rehearse(row: SignalRow): void {
    if (this.error !== undefined || !this.#database) return
    const undo = new Error('rehearsed')
    try {
      transaction(this.#database, () => {
        this.#tables?.signalTable.insert(row)
        throw undo
      })
    } catch (error) {
      if (error !== undo) this.#break(error)
    }
  }

  /** All messages that are made or wait for their turn, oldest first, each read when it is come to: together their texts may be gigabytes. */
  *messages(destination: string): Generator<MessageRow> {
    for (const key of this.#read((tables) => tables.keys(destination)) ?? []) {
      const row = this.message(key)
      if (row) yield row
    }
  }

  /** A message as it was stored before its first try. */
  message(key: string): MessageRow | undefined {
    const waiting = this.#backlog.message(key)
    if (waiting) return waiting
    const change = this.#backlog.changeOf(key)
    if (change === 'remove') return undefined
    const row = this.#read((tables) => tables.message(key))
    return row && change ? { ...row, ...change } : row
  }

  conversation(signal: string, destination: string): Conversation | undefined {
    return this.#backlog.conversation(signal, destination) ?? this.#read((tables) => tables.conversation(signal, destination))
  }

  /** Of how many signals a destination was told nothing since this one is more severe. */
  kept(signal: string, destination: string): number {
    if (this.#backlog.hasConversations) return this.keptBy(signal, destination).length
    return this.#read((tables) => tables.kept(signal, destination)) ?? 0
  }

  /** Conversations of one destination about signals that this one keeps quiet there. */
  keptBy(signal: string, destination: string): Conversation[] {
    const isKept = ({ kept_by, told_revision, ...each }: Conversation): boolean =>
      kept_by === signal && each.destination === destination && told_revision === 0
    const stored = this.#read((tables) => tables.keptBy(signal, destination)) ?? []
    const isOnDisk = (each: Conversation): boolean => this.#backlog.conversation(each.signal, each.destination) === undefined
    return [...stored.filter(isOnDisk), ...this.#backlog.newest().filter(isKept)]
  }

  /** See `StoreTables`; as far as what is on disk is the newest. */
  keptByUntold(destination: string, keepers: readonly string[]): readonly About[] {
    const isNewest = ({ head: { id } }: About): boolean =>
      this.#backlog.conversation(id, destination) === undefined && this.#backlog.judged(id) === undefined
    return (this.#read((tables) => tables.keptByUntold(destination, keepers)) ?? []).filter(isNewest)
  }

  /** What was given up since too much waited, by destination and lane. */
  shed(): readonly ShedRow[] {
    return this.#read((tables) => tables.shed()) ?? []
  }

  /** Those about one signal. */
  conversations(signal: string): Conversation[] {
    const waiting = this.#backlog.conversations(signal)
    const stored = this.#read((tables) => tables.conversations(signal)) ?? []
    return [...waiting, ...stored.filter((each) => !waiting.some(({ destination }) => destination === each.destination))]
  }

  /** Conversations of one destination that are to be looked at, each with what it is about. `open`: also all about signals that are open. */
  pending(destination: string, open: boolean): About[] {
    return this.#read((tables) => [...tables.pending(destination, open)]) ?? []
  }

  /** Conversations about open signals of which a destination does not know the newest revision, which came between two times of the steady clock. */
  untold(destination: string, since: number, before: number): About[] {
    return this.#read((tables) => [...tables.untold(destination, since, before)]) ?? []
  }

  /** How much is owed to whom, in messages and conversations, as far as it is on disk. */
  owed(): ReadonlyMap<string, number> {
    return new Map(this.#read((tables) => tables.owed())?.map(({ destination, count }) => [destination, count]))
  }

  destination(name: string): DestinationRow | undefined {
    return this.#read((tables) => tables.destination(name))
  }

  /** What was at work when that was last stored: JSON, see `Makeup`. */
  makeup(): string | undefined {
    return this.#read((tables) => tables.makeup())
  }

  /** What the steady clock was last behind the wall clock, ms. */
  clockOffset(): number {
    return this.#read((tables) => tables.clockOffset()) ?? 0
  }

  signalBody(id: string): string | undefined {
    return this.#backlog.signalBody(id) ?? this.#read((tables) => tables.signalBody(id))
  }

  /** The newest revision of a signal, with the status that people gave it. */
  signal(id: string): SignalRow | undefined {
    const row = this.#backlog.signal(id) ?? this.#read((tables) => tables.signal(id))
    const status = this.#backlog.judged(id)
    return row && status !== undefined ? { ...row, status } : row
  }

  /** The parts of the evidence of a signal, in their order. */
  evidence(signal: string): string[] {
    return [...(this.#read((tables) => tables.evidence(signal)) ?? []), ...this.#backlog.evidence(signal)]
  }

  /** Newest first. `status`: of these, separated by blanks; null: of all. */
  signals(limit: number, severity = 0, rule: string | null = null, status: string | null = null): SignalRow[] {
    const waiting = this.#backlog
      .signals()
      .filter((row) => row.severity >= severity && (rule === null || row.rule === rule) && (status === null || status.includes(row.status)))
    const ids = new Set(waiting.map((row) => row.id))
    const stored = this.#read((tables) => tables.signals(limit, severity, rule, status)) ?? []
    return [...waiting, ...stored.filter((row) => !ids.has(row.id))].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit)
  }

  /** Reads what stands beside the signals; undefined while it cannot be read. */
  consult<T>(read: (database: DatabaseSync) => T): T | undefined {
    return this.#read(({ database }) => read(database))
  }

  /**
   * Changes what stands beside the signals, in a transaction. `urgent`: safe against power loss when it returns.
   * @throws CwsError CWS_ERR_STORE while the store cannot be written
   */
  administer<T>(change: (database: DatabaseSync) => T, urgent = true): T {
    const database = this.#database
    if (!database || this.error !== undefined)
      throw new CwsError('CWS_ERR_STORE', `the store cannot be written${this.error === undefined ? '' : ` (${this.error})`}`)
    try {
      const results: T[] = []
      transaction(database, () => results.push(change(database)))
      if (urgent) this.#wal?.now()
      this.#committed(false)
      return results[0] as T
    } catch (error) {
      if (error instanceof CwsError) throw error
      this.#break(error)
      throw new CwsError('CWS_ERR_STORE', `the store cannot be written (${messageOf(error)})`, { cause: error })
    }
  }

  /** Whether a message about a signal was refused for good there. */
  isDead(signal: string, destination: string): boolean {
    return this.#backlog.isDead(signal, destination) || (this.#read((tables) => tables.isDead(signal, destination)) ?? false)
  }

  deadCount(): number {
    return this.#read((tables) => tables.deadCount()) ?? 0
  }

  dead(limit: number): DeadRow[] {
    return this.#read((tables) => tables.dead(limit)) ?? []
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#recoverTimer)
    if (this.#backlog.size > 0) this.#recover()
    if (this.#backlog.size > 0) this.#log.error(`${this.#backlog.size} changes could not be stored and end with this process`)
    try {
      this.#wal?.now()
      this.#release()
    } catch (error) {
      this.#log.error(`closing the store: ${messageOf(error)}`)
    }
  }

  #open(): void {
    let database: DatabaseSync
    try {
      database = openDatabase(this.#file, signalMigrations)
    } catch (error) {
      if (!isCorrupt(error)) throw error
      database = this.#replaceCorrupt(error)
    }
    try {
      this.#tables = new StoreTables(database, this.#limits)
      this.#quarantine(database, this.#tables)
      this.#wal = new WalSync(this.#file, (error) => this.#break(error))
      this.#checkpoints = new Checkpoints(database, (error) => this.#break(error))
      this.#database = database
    } catch (error) {
      database.close()
      throw error
    }
  }

  #quarantine(database: DatabaseSync, tables: StoreTables): void {
    transaction(database, () => {
      for (const { key, destination } of tables.quarantine())
        this.#log.error({ code: 'CWS_ERR_STORE', key }, `a message to ${destination} was damaged in the store; its signal is told anew`)
    })
  }

  #release(): void {
    this.#checkpoints?.stop()
    this.#wal?.close()
    this.#wal = undefined
    this.#removedBefore += this.#tables?.signalTable.removed ?? 0
    this.#evidenceRemovedBefore += this.#tables?.signalTable.evidenceRemoved ?? 0
    this.#tables = undefined
    const database = this.#database
    this.#database = undefined
    database?.close()
  }

  #replaceCorrupt(cause: unknown): DatabaseSync {
    const aside = moveAside(this.#file)
    this.#log.error({ code: 'CWS_ERR_STORE', aside }, `the store was corrupt (${messageOf(cause)}): moved aside, a fresh one begins`)
    const database = openDatabase(this.#file, signalMigrations)
    const kept = salvage(aside, new StoreTables(database, this.#limits), this.#log)
    if (kept > 0) this.#log.warn(`${kept} deliveries that were owed could be read from the corrupt store`)
    return database
  }

  #read<T>(read: (tables: StoreTables) => T): T | undefined {
    if (!this.#tables) return undefined
    try {
      return read(this.#tables)
    } catch (error) {
      this.#break(error)
      return undefined
    }
  }

  /** Notes that the store refuses, once, and arms the next attempt. A corrupt one is replaced at once. */
  #break(error: unknown): void {
    let delay = this.#recoverMs
    if (isCorrupt(error) && this.#database) {
      try {
        this.#release()
        this.#open()
        delay = 0
      } catch (again) {
        this.#refused(again)
      }
    } else this.#refused(error)
    if (this.#closed) return
    this.#recoverTimer ??= setTimeout(() => {
      this.#recoverTimer = undefined
      this.#recover()
    }, delay)
  }

  #refused(error: unknown): void {
    if (this.error === undefined)
      this.#log.error({ code: 'CWS_ERR_STORE' }, `the store cannot be written (${messageOf(error)}); signals are kept in memory meanwhile`)
    this.error = messageOf(error)
  }

  #recover(): void {
    try {
      if (!this.#database) this.#open()
      const database = this.#database as unknown as DatabaseSync
      const tables = this.#tables as unknown as StoreTables
      let signals = 0
      tables.signalTable.recount()
      transaction(database, () => {
        // A change of its own, so that the disk is tried even if nothing waits.
        database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('recovered', ?)").run(new Date().toISOString())
        for (const write of this.#backlog.writes()) {
          tables.apply(write)
          if (write.op === 'signal') signals++
        }
      })
      this.#wal?.now()
      this.stored += signals
      this.#backlog.clear()
      if (this.error !== undefined) this.#log.info(`the store can be written again; ${signals} signals were caught up`)
      this.error = undefined
    } catch (error) {
      this.#break(error)
    }
  }

  #committed(urgent: boolean): void {
    this.#checkpoints?.committed()
    this.#wal?.committed(urgent)
  }
}
