import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import type { DeliveryCounters } from '../../src/delivery/protocol.ts'
import { signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { file, hanging } from '../fixtures/notifiers.ts'

// Each test starts processes of its own; on a loaded machine that takes its time.
vi.setConfig({ testTimeout: 60_000 })

/** Keys of the whole lines of a file that may be being written. */
const keysIn = (path: string): string[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { key: string }).key)
    : []

async function counters(process: DeliveryProcess): Promise<DeliveryCounters> {
  process.tell({ counters: true })
  return await process.hears<DeliveryCounters>('counters')
}

async function compose(process: DeliveryProcess, ...plan: Parameters<typeof optionsIn>[1][]): Promise<void> {
  process.tell({ compose: plan[0] })
  await process.hears('composed')
}

it('gives what is owed to a notifier to the one that takes its place, and lets the one that is the same run on', async () => {
  using folder = temporaryFolder()
  const [first, second, other, down] = ['first', 'second', 'other', 'down'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
    string,
  ]
  writeFileSync(down, '')
  const same = destination(file({ name: 'same', path: other }))
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations: [destination(file({ path: first, down })), same] }))
  await process.hears('started')
  const owed = signalOf()
  process.tell({ signal: owed })
  await until(async () => (await counters(process)).destinations['file']?.state === 'failing', 'the first failure')
  await compose(process, { destinations: [destination(file({ path: second })), same] })
  await until(() => keysIn(second).length === 1, 'what was owed')
  expect(keysIn(second)).toEqual([`${owed.id}:1:file`])
  unlinkSync(down)
  const next = signalOf()
  process.tell({ signal: next })
  await until(() => keysIn(second).length === 2 && keysIn(other).length === 2, 'the next signal')
  expect(keysIn(other)).toEqual([`${owed.id}:1:same`, `${next.id}:1:same`])
  expect(existsSync(first)).toBe(false)
  expect((await counters(process)).destinations['same']).toMatchObject({ state: 'ok', delivered: 2, pending: 0 })
})

it('keeps what is owed to a notifier that is listed no more until it is listed again', async () => {
  using folder = temporaryFolder()
  const [out, down] = [join(folder.path, 'out'), join(folder.path, 'down')]
  writeFileSync(down, '')
  const spec = destination(file({ path: out, down }))
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations: [spec] }))
  await process.hears('started')
  const owed = signalOf()
  process.tell({ signal: owed })
  await until(async () => (await counters(process)).destinations['file']?.state === 'failing', 'the first failure')
  await compose(process, { destinations: [] })
  expect((await counters(process)).destinations).toEqual({})
  const said = 'not among the plugins any more; they wait until it is again; what has waited for 7 days when the agent starts is given up'
  await until(() => process.logs.join().includes(said), 'how long it waits')
  process.tell({ signal: signalOf() })
  unlinkSync(down)
  await compose(process, { destinations: [spec] })
  await until(() => keysIn(out).length === 1, 'what was owed')
  process.tell({ stop: 5_000 })
  expect(await process.hears('stopped')).toEqual({ pending: 0 })
  expect(keysIn(out)).toEqual([`${owed.id}:1:file`])
})

it('decides by the new notification rules from the next signal on, and takes notifiers that were not there', async () => {
  using folder = temporaryFolder()
  const [a, b] = [join(folder.path, 'a'), join(folder.path, 'b')]
  const [toA, toB] = [destination(file({ name: 'a', path: a })), destination(file({ name: 'b', path: b }))]
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations: [toA, destination(hanging())] }))
  await process.hears('started')
  const before = signalOf()
  process.tell({ signal: before })
  await until(() => keysIn(a).length === 1, 'the first signal')
  await compose(process, { destinations: [toA, toB], notifications: [{ name: 'all', to: 'b' }] })
  const after = signalOf()
  process.tell({ signal: after })
  await until(() => keysIn(b).length === 1, 'the second signal')
  expect(keysIn(b)).toEqual([`${after.id}:1:b`])
  expect(keysIn(a)).toEqual([`${before.id}:1:a`])
  process.tell({ stop: 1_000 })
  // What hung is still owed: it is not listed any more.
  expect(await process.hears('stopped')).toEqual({ pending: 1 })
})
