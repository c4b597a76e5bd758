import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import { Mutes } from '../../src/delivery/rules/mutes.ts'
import { openDatabase } from '../../src/delivery/store/database.ts'
import { signalMigrations } from '../../src/delivery/store/migrations.ts'
import type { SignalStore, StoreOptions } from '../../src/delivery/store/store.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => {
  folder[Symbol.dispose]()
  vi.restoreAllMocks()
})

/** A store with mutes, and one destination that is told of everything. */
class House {
  readonly store: SignalStore & Disposable
  readonly mutes: Mutes
  readonly telling: Telling
  readonly log = memoryLog()

  constructor(options: Partial<StoreOptions> = {}) {
    this.store = storeIn(folder.path, options)
    this.mutes = new Mutes(this.store, this.log)
    this.telling = new Telling(this.store, { destinations: [{ name: 'team' } as DestinationSpec], routes: undefined }, this.mutes)
    this.telling.add('team', { log: this.log, clean, deadlineMs: 1_000 })
  }

  mute(): number {
    return this.mutes.add({ when: 'rule.id == "noisy"', duration: '7d', reason: 'x' }, 'ada').mute.id
  }

  tell(signal: Signal): Signal {
    const { write, told } = this.telling.prepare(headOf(signal), bodyOf(signal))
    this.store.write(write)
    told()
    return signal
  }

  get rows(): number {
    return (this.store.consult((database) => database.prepare('SELECT count(*) AS n FROM muted').get()) as { n: number }).n
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telling.stop(0)
    this.store.close()
  }
}

const noisy = (): Signal => signalOf({ rule: { id: 'noisy', name: 'Noisy' } })

it('what was muted leaves with its signals, and is counted to the last one', async () => {
  await using house = new House({ limits: { signals: 10 } })
  const id = house.mute()
  for (let i = 0; i < 50; i++) {
    const signal = house.tell(noisy())
    house.tell({ ...signal, revision: 2, count: 2 })
  }
  expect(house.rows).toBe(10)
  expect(house.mutes.list()).toMatchObject([{ id, muted: 50 }])
  expect(house.mutes.remove({ id }, 'ada').muted).toBe(50)
  expect(house.log.lines.at(-1)).toContain('nobody was told of 50 signals')
  expect(house.rows).toBe(0)
})

it('regular expressions of mutes are bounded all together, before one is compiled: members of the group write them', async () => {
  await using house = new House()
  const add = (when: string) => house.mutes.add({ when, duration: '1h', reason: 'x' }, 'mallory')
  const costly = (n: number) => `title =~ r"x{450}${n}"`
  for (let i = 0; i < 4; i++) add(costly(i))
  expect(() => add(costly(4))).toThrow('regular expressions of all mutes may have 2000 steps together, but with this one they have 2255')
  expect(() => add(Array.from({ length: 140 }, (_, i) => costly(i)).join(' or '))).toThrow('2000 steps')
  expect(house.mutes.list()).toHaveLength(4)
  add('title =~ "*x*"')
  add('title =~ r"^x+$"')
  expect(() => add('title =~ r"x')).toThrow('no closing quote')
})

it('what is muted while the store cannot be written is counted once it can', async () => {
  await using house = new House({ recoverMs: 10 })
  const id = house.mute()
  house.tell(noisy())
  house.store.consult((database) => {
    database.exec('PRAGMA query_only=ON')
  })
  const signals = [house.tell(noisy()), house.tell(noisy())]
  for (const signal of signals) house.tell({ ...signal, revision: 2, count: 2 })
  expect(house.store.error).toBeDefined()
  house.store.consult((database) => {
    database.exec('PRAGMA query_only=OFF')
  })
  await vi.waitFor(() => expect(house.store.error).toBeUndefined())
  expect(house.mutes.list()).toMatchObject([{ id, muted: 3 }])
})

it('what an agent of an earlier version has counted goes on', () => {
  const database = openDatabase(join(folder.path, 'signals.db'), signalMigrations.slice(0, 5))
  const [kept, gone] = [noisy(), noisy()]
  database.exec(`
    INSERT INTO mutes (id, condition, reason, by, created, until, critical) VALUES (1, 'rule.id == "noisy"', 'x', 'ada', 0, 4000000000000, 0);
    INSERT INTO signals VALUES ('${kept.id}', 'noisy', 3, 'open', 1, '', '', 1, 2, '{}');
    INSERT INTO muted VALUES (1, '${kept.id}'), (1, '${gone.id}')`)
  database.close()
  using store = storeIn(folder.path)
  expect(new Mutes(store, memoryLog()).list()).toMatchObject([{ id: 1, muted: 2 }])
  expect(store.consult((read) => read.prepare('SELECT signal FROM muted').all())).toEqual([{ signal: kept.id }])
})
