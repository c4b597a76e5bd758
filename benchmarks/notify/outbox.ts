import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Notifier } from '@cws/core'
import type { DestinationSpec } from '../../core/src/delivery/protocol.ts'
import { SignalStore } from '../../core/src/delivery/store/store.ts'
import { Telling } from '../../core/src/delivery/telling/telling.ts'
import type { SignalLine } from '../../core/src/signals/signal-line.ts'
import { lineOf, signalOf } from '../../core/test/fixtures/delivery.ts'
import { figure } from '../statistics.ts'

/** Fewer than a destination's queue holds: none is shed. */
const MOST = 9_000

/**
 * Signals a second that one thread makes durable, with what is owed of them to each destination; and the same with notifiers that take a message as
 * soon as it comes, until all is settled. On the disk of the temporary folder.
 */
export async function outbox(signals: number, destinations: number): Promise<void> {
  const count = Math.min(signals, MOST)
  for (const mode of ['latest', 'every'] as const) {
    const lines = linesOf(count)
    const stored = await run(lines, destinations, { mode })
    figure(`outbox, ${destinations} destinations (${mode}): signals stored with what is owed`, count / stored, '/s')
    const told = await run(lines, destinations, { mode, isTold: true })
    figure(`outbox, ${destinations} destinations (${mode}): stored, claimed and settled`, count / told, '/s')
  }
  const few = linesOf(Math.min(count, 1_000))
  figure(
    `outbox, ${destinations} destinations: synced to disk one by one`,
    few.length / (await run(few, destinations, { mode: 'latest', isUrgent: true })),
    '/s',
  )
}

interface Run {
  readonly mode: 'latest' | 'every'
  readonly isTold?: boolean
  readonly isUrgent?: boolean
}

/** Seconds that it took. */
async function run(lines: readonly SignalLine[], destinations: number, { mode, isTold, isUrgent }: Run): Promise<number> {
  using folder = stateFolder()
  const log = { debug() {}, info() {}, warn() {}, error: (...args: unknown[]) => console.error(...args) }
  const store = new SignalStore({ stateDir: folder.path, log })
  const names = Array.from({ length: destinations }, (_, i) => `destination-${i}`)
  const telling = new Telling(store, { destinations: names.map((name) => ({ name }) as DestinationSpec), routes: undefined })
  const settled = Promise.withResolvers<void>()
  let left = lines.length * destinations
  const takes: Notifier = {
    deliver: async () => {
      if (--left === 0) settled.resolve()
      return { result: 'delivered' }
    },
  }
  // Its first tries go on and on, so that what is owed stays owed.
  const waits: Notifier = { deliver: () => new Promise(() => {}) }
  for (const name of names) {
    const queue = telling.add(name, { log, clean: (text) => text, deadlineMs: 15_000, manner: { mode, interrupts: false } })
    queue.start(isTold ? takes : waits)
  }
  const start = performance.now()
  for (const { head, line } of lines) {
    const { write, told } = telling.prepare(head, line)
    store.write(write, isUrgent)
    told()
    // As in the agent, where each comes as a message of its own.
    if (isTold) await new Promise((resolve) => setImmediate(resolve))
  }
  if (isTold) await settled.promise
  const seconds = (performance.now() - start) / 1000
  await telling.stop(0)
  store.close()
  return seconds
}

const linesOf = (count: number): SignalLine[] => Array.from({ length: count }, () => lineOf(signalOf({ severity: 'medium' })))

function stateFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(process.env['TMPDIR'] ?? '/var/tmp', 'cws-bench-outbox-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
