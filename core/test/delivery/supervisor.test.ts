import { execFileSync } from 'node:child_process'
import { closeSync, createReadStream, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { ask } from '../../src/delivery/control/control-client.ts'
import type { DeliveryCounters, Supervision } from '../../src/delivery/protocol.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { bodyOf, signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { fatal } from '../fixtures/fatal-notifier.ts'
import { file } from '../fixtures/notifiers.ts'

// Each test starts processes of its own, whose threads die; on a loaded machine that takes its time.
vi.setConfig({ testTimeout: 90_000 })

const soon: Partial<Supervision> = { pingMs: 100, bufferBytes: 100 * 1024 * 1024, backoffMs: 20 }

/** Bodies by key, each key once or with the same body. */
function told(path: string): Map<string, string> {
  const bodies = new Map<string, string>()
  if (!existsSync(path)) return bodies
  for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const { key, body } = JSON.parse(text) as { key: string; body: string }
    if (bodies.has(key) && bodies.get(key) !== body) throw new Error(`another body under ${key}`)
    bodies.set(key, body)
  }
  return bodies
}

const owed = (signals: readonly Signal[], name: string) => new Map(signals.map((signal) => [`${signal.id}:1:${name}`, bodyOf(signal)]))

async function counters(process: DeliveryProcess): Promise<DeliveryCounters> {
  process.tell({ counters: true })
  return await process.hears<DeliveryCounters>('counters')
}

function sendSignals(process: DeliveryProcess, count: number): Signal[] {
  const signals = Array.from({ length: count }, () => signalOf())
  for (const signal of signals) process.tell({ signal })
  return signals
}

it.each([
  // What runs when a look at its memory ends the thread is chance: nobody is blamed.
  ['buffers', 'it holds more than 100 MiB outside its heap'],
  ['exit', 'it exited with code 3'],
  ['loop', 'it has not answered for 3 s'],
  ['allocate', 'Worker terminated due to reaching memory limit'],
] as const)('replaces a thread that dies in a notifier: %s', async (way, reason) => {
  using folder = temporaryFolder()
  const [out, other, armed] = [join(folder.path, 'out'), join(folder.path, 'other'), join(folder.path, 'armed')]
  const destinations = [fatal({ path: out, armed, way, once: true }), file({ path: other })].map(destination)
  // Only there: on a loaded machine a thread that allocates can be slow.
  const supervision = way === 'loop' ? { ...soon, hangMs: 3_000 } : soon
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations, supervision }))
  await process.hears('started')
  const signals = sendSignals(process, 3)
  process.tell({ state: ['fim', 'baseline', '"1"'] })
  await until(() => told(out).size === 3, 'the first deliveries')
  writeFileSync(armed, '')
  process.tell({ state: ['fim', 'baseline', '"2"'] })
  signals.push(...sendSignals(process, 20))
  if (way === 'loop') {
    // The thread takes nothing up any more.
    await until(() => !existsSync(armed), 'the loop')
    for (const signal of signals.slice(0, 2)) process.tell({ evidence: [signal.id, '{}'] })
    process.tell({ ready: true })
  }
  await until(() => told(out).size === 23 && told(other).size === 23, 'all deliveries', 60_000)
  expect(told(out)).toEqual(owed(signals, 'fatal'))
  expect(told(other)).toEqual(owed(signals, 'file'))
  const run = join(folder.path, 'run')
  expect(await ask(run, 'signals.list')).toHaveLength(23)
  expect(await counters(process)).toMatchObject({
    signals: 23,
    signalsDropped: 0,
    evidenceDropped: way === 'loop' ? 2 : 0,
    restarts: 1,
    restartReason: expect.stringMatching(new RegExp(way === 'buffers' ? reason : `${reason}.*\\(in code of the notifier "fatal"\\)`)),
    destinations: { fatal: { state: 'ok', pending: 0 }, file: { state: 'ok', pending: 0 } },
  })
  expect(process.logs.filter((line) => /the delivery thread has ended/.test(line))).toHaveLength(1)
  process.tell({ stop: 5_000 })
  expect(await process.hears('stopped')).toEqual({ pending: 0 })
  expect(await process.exited).toBe(0)
  // Each line is whole, and each signal is there; one that was written when the thread died may be there twice.
  const lines = process.lines.filter(({ kind }) => kind === 'signal')
  expect(new Set(lines.map((line) => line['id']))).toEqual(new Set(signals.map(({ id }) => id)))
  expect(lines.length).toBeLessThanOrEqual(24)
  // What a thread did not take up its successor is given, once.
  expect(process.lines.filter(({ kind }) => kind === 'status')).toHaveLength(way === 'loop' ? 1 : 0)
  const database = new DatabaseSync(join(folder.path, 'state', 'state.db'), { readOnly: true })
  expect(database.prepare('SELECT value FROM state').all()).toEqual([{ value: '"2"' }])
  database.close()
})

it('leaves a notifier out in whose code the thread died twice, and keeps what is owed to it [case 69]', async () => {
  using folder = temporaryFolder()
  const [out, other, armed] = [join(folder.path, 'out'), join(folder.path, 'other'), join(folder.path, 'armed')]
  const destinations = [file({ path: other }), fatal({ path: out, armed, way: 'exit' })].map(destination)
  const options = optionsIn(folder.path, { destinations, supervision: soon })
  writeFileSync(armed, '')
  const signals: Signal[] = []
  {
    await using process = new DeliveryProcess(options)
    await process.hears('started')
    signals.push(...sendSignals(process, 5))
    expect(await process.hears('leftOut')).toBe('fatal')
    signals.push(...sendSignals(process, 5))
    await until(() => told(other).size === 10, 'the deliveries of the other')
    await until(async () => (await counters(process)).destinations['fatal']?.pending === 10, 'what is owed')
    expect(await counters(process)).toMatchObject({
      restarts: 2,
      destinations: { fatal: { state: 'failed', delivered: 0, lastError: 'it exited with code 3 (in code of the notifier "fatal")' } },
    })
    process.tell({ stop: 5_000 })
    expect(await process.hears('stopped')).toEqual({ pending: 10 })
    expect(process.logs.filter((line) => /the delivery thread has ended/.test(line))).toHaveLength(2)
  }
  rmSync(armed)
  await using process = new DeliveryProcess(options)
  await process.hears('started')
  await until(() => told(out).size === 10, 'what was owed')
  expect(told(out)).toEqual(owed(signals, 'fatal'))
  expect(told(other)).toEqual(owed(signals, 'file'))
})

it('tells in the plainest form what the thread died with twice while it was made, and goes on with that notifier [case 69]', async () => {
  using folder = temporaryFolder()
  const [path, armed] = [join(folder.path, 'out'), join(folder.path, 'armed')]
  const destinations = [destination(fatal({ path, armed, way: 'exit', making: true }))]
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations, supervision: soon }))
  await process.hears('started')
  writeFileSync(armed, '')
  const [signal] = sendSignals(process, 1) as [Signal]
  await until(() => told(path).size === 1, 'the message', 30_000)
  rmSync(armed)
  const [next] = sendSignals(process, 1) as [Signal]
  await until(() => told(path).size === 2, 'the next one')
  const bodies = [signal, next].map(({ id }, i) => [`${id}:1:fatal`, JSON.stringify({ id, tier: i === 0 ? 2 : 0 })] as const)
  expect(told(path)).toEqual(new Map(bodies))
  expect(await counters(process)).toMatchObject({ restarts: 2, destinations: { fatal: { delivered: 2 } } })
})

it('gives up when the thread dies too often, and stores what it still has', async () => {
  using folder = temporaryFolder()
  const [out, armed] = [join(folder.path, 'out'), join(folder.path, 'armed')]
  writeFileSync(armed, '')
  const destinations = [destination(fatal({ path: out, armed, way: 'exit' }))]
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations, supervision: { ...soon, restarts: 0 } }))
  await process.hears('started')
  const signals = sendSignals(process, 1)
  expect(await process.hears('exit')).toMatch(/ended more than 0 times within 10 minutes, at last: it exited with code 3/)
  signals.push(...sendSignals(process, 4))
  expect(await counters(process)).toMatchObject({ signals: 5, signalsWaiting: 4, restarts: 0 })
  process.tell({ stop: 5_000 })
  expect(await process.hears('stopped')).toEqual({ pending: 5 })
  expect(stored(folder.path)).toEqual(signals.map(({ id }) => id))
})

it('keeps signals while no thread runs, the most severe if there are too many, and drops lines of events', async () => {
  using folder = temporaryFolder()
  const [out, armed] = [join(folder.path, 'out'), join(folder.path, 'armed')]
  writeFileSync(armed, '')
  const destinations = [destination(fatal({ path: out, armed, way: 'exit', once: true }))]
  const supervision = { ...soon, backoffMs: 4_000, keptSignals: 3 }
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations, supervision }))
  await process.hears('started')
  const [first] = sendSignals(process, 1) as [Signal]
  await until(() => process.logs.some((line) => /another is started/.test(line)), 'the death')
  const wanted = [signalOf({ severity: 'critical' }), signalOf({ severity: 'high' }), signalOf({ severity: 'high' })]
  for (const signal of [signalOf({ severity: 'low' }), wanted[0], signalOf({ severity: 'medium' }), ...wanted.slice(1)])
    process.tell({ signal: signal as Signal })
  process.tell({ events: '{"kind":"event"}', count: 7 })
  expect(await counters(process)).toMatchObject({ signals: 6, signalsWaiting: 3, signalsDropped: 2, eventsDropped: 7 })
  await until(() => told(out).size === 4, 'the deliveries')
  expect(told(out)).toEqual(owed([first, ...wanted], 'fatal'))
  expect(await counters(process)).toMatchObject({ signalsWaiting: 0, signalsDropped: 2, restarts: 1 })
})

it('ends a line that the dead thread left unfinished, and shows what nobody could read yet', async () => {
  using folder = temporaryFolder()
  const [out, armed, fifo] = [join(folder.path, 'out'), join(folder.path, 'armed'), join(folder.path, 'fifo')]
  execFileSync('mkfifo', [fifo])
  // Open for both, so that neither open waits; nobody reads until the thread has died within a line.
  const stdout = openSync(fifo, 'r+')
  const destinations = [destination(fatal({ path: out, armed, way: 'exit', once: true }))]
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations, supervision: soon }), stdout)
  await process.hears('started')
  const signals = Array.from({ length: 100 }, () => signalOf({ message: 'x'.repeat(8_000) }))
  for (const signal of signals) process.tell({ signal })
  await until(() => told(out).size === 100, 'the deliveries')
  writeFileSync(armed, '')
  signals.push(...sendSignals(process, 1))
  await until(() => process.logs.some((line) => /works again/.test(line)), 'the second thread')
  let text = ''
  createReadStream(fifo, 'utf8').on('data', (chunk) => {
    text += chunk
  })
  const ids = () => text.split('\n').flatMap((line) => idOf(line) ?? [])
  await until(() => new Set(ids()).size === signals.length, 'all lines')
  process.tell({ stop: 5_000 })
  expect(await process.exited).toBe(0)
  await until(() => text.endsWith('\n'), 'the end')
  expect(
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => idOf(line) === undefined),
  ).toHaveLength(1)
  expect(ids()).toHaveLength(signals.length)
  closeSync(stdout)
})

/** The id of a whole line. */
function idOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as Signal).id
  } catch {
    return undefined
  }
}

function stored(folder: string): unknown[] {
  const database = new DatabaseSync(join(folder, 'state', 'signals.db'), { readOnly: true })
  const ids = database
    .prepare('SELECT id FROM signals ORDER BY rowid')
    .all()
    .map((row) => row['id'])
  database.close()
  return ids
}
