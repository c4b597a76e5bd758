import { constants } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Receiver } from '../../../tests/support/http-receiver.ts'
import { Random, seed } from '../../../tests/support/seed.ts'
import { SIGNALS_FILE } from '../../src/delivery/store/store.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { chat } from '../fixtures/chat-notifier.ts'
import { signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { buildFailingDisk, FailingDisk } from '../fixtures/failing-disk.ts'
import { storedRows } from '../fixtures/stored-rows.ts'

const isLong = process.env['CWS_TEST_LONG'] !== undefined
const SIGNALS = 30

vi.setConfig({ testTimeout: 60_000, maxConcurrency: 2 })

const random = new Random(seed)
/** The n-th write of the store fails, and so many after it: for each n with either error. */
const faults = Array.from({ length: 200 }, (_, i) => i + 1).flatMap((n) =>
  (['ENOSPC', 'EIO'] as const).map((error) => ({ n, count: random.one([1, 2, 7, 50, 1_000_000]), error })),
)
const some = isLong ? faults : [1, 2].map(() => random.one(faults))

const built = temporaryFolder()
let library = ''
beforeAll(() => {
  library = buildFailingDisk(built.path)
})
afterAll(() => built[Symbol.dispose]())

it.concurrent.each(some)(
  '$error from write $n on, $count times: nothing is missing once the disk is well, and the agent lives [case 14]',
  async (fault) => {
    using folder = temporaryFolder()
    using disk = new FailingDisk(library, folder.path, SIGNALS_FILE)
    await using receiver = await Receiver.start((response) => response.writeHead(200).end())
    disk.refuse(fault.n, fault.count, constants.errno[fault.error])
    const options = optionsIn(folder.path, {
      destinations: [destination(chat({ url: receiver.url }))],
      notifications: [{ name: 'All', to: 'chat', update: '1s' }],
    })
    await using process = new DeliveryProcess(options, 'pipe', disk.env)
    await process.hears('started')
    const signals: Signal[] = []
    for (let i = 0; i < SIGNALS; i++) {
      const event = { type: 'exec', process: { pid: 1_000 + i, ancestors: [{ pid: 1 }] }, container: { id: '' } }
      const signal = signalOf({ severity: i % 3 ? 'high' : 'critical', event })
      process.tell({ signal })
      signals.push(signal)
      const grown = signals[Math.floor(i / 2)] as Signal
      if (i % 5 !== 4) continue
      signals[Math.floor(i / 2)] = { ...grown, revision: grown.revision + 1, count: grown.count + 1 }
      process.tell({ signal: signals[Math.floor(i / 2)] })
    }
    const bodies = new Map<string, string>()
    const arrived = () => {
      const newest = new Map<string, number>()
      for (const { headers, body } of receiver.got) {
        const key = String(headers['x-key'])
        expect(bodies.get(key) ?? body, key).toBe(body)
        bodies.set(key, body)
        const { id, revision } = JSON.parse(body) as Signal
        newest.set(id, Math.max(newest.get(id) ?? 0, revision))
      }
      return signals.every(({ id, revision }) => newest.get(id) === revision)
    }
    // Whatever the disk does, all is told.
    await until(arrived, `all to arrive; ${process.logs.join('\n')}`, 30_000)
    expect(disk.failed).toBeGreaterThan(0)
    expect(process.child.exitCode).toBeNull()
    disk.recover()
    process.tell({ stop: 5_000 })
    expect(await process.hears('stopped')).toEqual({ pending: 0 })
    expect(await process.exited).toBe(0)
    const stored = storedRows(options.stateDir)
    expect(new Map(stored.signals.map(({ id, revision }) => [id, revision]))).toEqual(
      new Map(signals.map(({ id, revision }) => [id, revision])),
    )
    expect(stored.conversations.map(({ signal, told_revision }) => [signal, told_revision]).sort()).toEqual(
      signals.map(({ id, revision }) => [id, revision]).sort(),
    )
    expect(stored.messages).toEqual([])
    using database = new DatabaseSync(join(options.stateDir, SIGNALS_FILE))
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  },
)
