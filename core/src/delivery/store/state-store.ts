import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../errors/cws-error.ts'
import type { DeliveryLog } from '../log.ts'
import { isCorrupt, moveAside, openDatabase, transaction } from './database.ts'
import { stateMigrations } from './migrations.ts'

const WRITE_MS = 50
const RETRY_MS = 5_000

type State = Readonly<Record<string, Readonly<Record<string, string>>>>

/** The durable state of plugins, in `state.db`. Writes gather a moment and are merged; what a disk refuses is tried again. */
export class StateDatabase {
  readonly #file: string
  readonly #log: DeliveryLog
  readonly #pending = new Map<string, { readonly plugin: string; readonly key: string; readonly value: string | null }>()
  #database: DatabaseSync | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #onDurable: (number: number) => void
  #failing = false
  #last = 0

  /** `onDurable` hears the number of the last value that was written. */
  constructor(stateDir: string, log: DeliveryLog, onDurable: (number: number) => void) {
    this.#file = join(stateDir, 'state.db')
    this.#log = log
    this.#onDurable = onDurable
  }

  /** All state as it was when the last agent ended. */
  load(): State {
    const state: Record<string, Record<string, string>> = Object.create(null)
    try {
      for (const row of this.#open().prepare('SELECT plugin, key, value FROM state').iterate()) {
        const { plugin, key, value } = row as { plugin: string; key: string; value: string }
        state[plugin] ??= Object.create(null) as Record<string, string>
        ;(state[plugin] as Record<string, string>)[key] = value
      }
    } catch (error) {
      this.#failed(error)
    }
    return state
  }

  set(plugin: string, key: string, value: string | null, number: number): void {
    this.#last = number
    this.#pending.set(`${plugin}\0${key}`, { plugin, key, value })
    this.#timer ??= setTimeout(() => this.#write(), this.#failing ? RETRY_MS : WRITE_MS)
  }

  close(): void {
    if (this.#pending.size > 0) this.#write()
    clearTimeout(this.#timer)
    this.#database?.close()
    this.#database = undefined
  }

  #open(): DatabaseSync {
    try {
      this.#database ??= openDatabase(this.#file, stateMigrations)
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#log.error(
        { aside: moveAside(this.#file) },
        `the state of plugins was corrupt (${messageOf(error)}): moved aside, they begin anew`,
      )
      this.#database = openDatabase(this.#file, stateMigrations)
    }
    return this.#database
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    try {
      const database = this.#open()
      const put = database.prepare('INSERT OR REPLACE INTO state (plugin, key, value) VALUES (?, ?, ?)')
      const remove = database.prepare('DELETE FROM state WHERE plugin=? AND key=?')
      transaction(database, () => {
        for (const { plugin, key, value } of this.#pending.values()) {
          if (value === null) remove.run(plugin, key)
          else put.run(plugin, key, value)
        }
      })
      this.#pending.clear()
      this.#onDurable(this.#last)
      if (this.#failing) this.#log.info('the state of plugins can be written again')
      this.#failing = false
    } catch (error) {
      this.#failed(error)
      this.#timer = setTimeout(() => this.#write(), RETRY_MS)
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log.error({ code: 'CWS_ERR_STORE' }, `the state of plugins cannot be read or written (${messageOf(error)})`)
    this.#failing = true
    if (isCorrupt(error)) {
      this.#database?.close()
      this.#database = undefined
    }
  }
}
