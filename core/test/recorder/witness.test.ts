import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SelfTests } from '../../src/agent/self-test.ts'
import type { Sensor } from '../../src/agent/sensors.ts'
import { EventRegistry } from '../../src/model/registry.ts'
import { Engine } from '../../src/pipeline/engine.ts'
import type { EvidencePart } from '../../src/recorder/evidence.ts'
import type { Extent } from '../../src/recorder/extent.ts'
import { FlightRecorder } from '../../src/recorder/flight-recorder.ts'
import { Witness } from '../../src/recorder/witness.ts'
import { PidTracker } from '../../src/testing/pid-tracker.ts'

const START = Date.parse('2027-01-15T08:00:00Z')

beforeEach(() => void vi.useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => void vi.useRealTimers())

/** An engine with a recorder, whose `exec` of /bad is a finding. */
function setUp(extent: Partial<Extent> = {}) {
  const recorder = new FlightRecorder(extent)
  const parts: (EvidencePart & { signal: string })[] = []
  const witness = new Witness({ recorder, emit: (signal, part) => parts.push({ signal, ...part }) })
  let findings = 0
  const engine = new Engine(
    new EventRegistry(),
    (_, event) => witness.opened(`signal-${++findings}`, event, undefined),
    () => {},
  )
  engine.recorder = recorder
  engine.track('test', new PidTracker())
  engine.hooks
    .facadeFor('test')
    .detect.for('exec')
    .tap((event) => {
      if (event.get('exec.file.path') === '/bad') engine.report('test', event as never, { rule: 'bad', severity: 'high' })
    })
  const feed = engine.objectFeed(engine.events.get('exec'))
  const exec = (path: string, pid = 7) => feed.emit({ file: { path } } as never, { pid, timestamp: BigInt(Date.now()) * 1_000_000n })
  return { engine, witness, parts, exec }
}

const paths = (part: EvidencePart | undefined) => part?.events.map(({ details }) => details?.['file.path'])

test('the minute before is told soon, the minute after when it is over', () => {
  const { parts, exec } = setUp()
  exec('/long-ago')
  vi.advanceTimersByTime(61_000)
  exec('/before')
  vi.advanceTimersByTime(1000)
  exec('/bad')
  expect(parts).toEqual([])
  vi.advanceTimersByTime(20)
  expect(paths(parts[0])).toEqual(['/before', '/bad'])
  expect(parts[0]?.events[1]).toMatchObject({ type: 'exec', found: true })
  vi.advanceTimersByTime(30_000)
  exec('/after')
  exec('/stranger', 8)
  vi.advanceTimersByTime(29_000)
  expect(parts).toHaveLength(1)
  vi.advanceTimersByTime(2000)
  exec('/too-late')
  expect(parts.map(({ signal }) => signal)).toEqual(['signal-1', 'signal-1'])
  expect(paths(parts[1])).toEqual(['/after'])
})

test('as long before and after as is asked for', () => {
  const { parts, exec } = setUp({ beforeMs: 300_000, afterMs: 10_000 })
  exec('/long-ago')
  vi.advanceTimersByTime(240_000)
  exec('/bad')
  vi.advanceTimersByTime(5_000)
  expect(paths(parts[0])).toEqual(['/long-ago', '/bad'])
  exec('/after')
  vi.advanceTimersByTime(6_000)
  exec('/too-late')
  expect(paths(parts[1])).toEqual(['/after'])
})

test('nothing of what comes after, if nobody asks for it', () => {
  const { parts, exec, witness } = setUp({ afterMs: 0 })
  exec('/before')
  exec('/bad')
  vi.advanceTimersByTime(100)
  exec('/after')
  vi.advanceTimersByTime(120_000)
  witness.close()
  expect(parts.map(paths)).toEqual([['/before', '/bad']])
})

test('at the end what there is is told', () => {
  const { parts, exec, witness } = setUp()
  exec('/bad')
  vi.advanceTimersByTime(100)
  exec('/after')
  exec('/bad')
  vi.advanceTimersByTime(5)
  witness.close()
  expect(parts.map((part) => [part.signal, paths(part)])).toEqual([
    ['signal-1', ['/bad']],
    ['signal-2', ['/bad', '/after', '/bad']],
    ['signal-1', ['/after', '/bad']],
  ])
  vi.advanceTimersByTime(120_000)
  expect(parts).toHaveLength(3)
})

test('a flood of signals is told a few at a time, and not all of it', () => {
  const { parts, exec, witness } = setUp()
  for (let i = 0; i < 1000; i++) exec('/bad')
  vi.advanceTimersByTime(11)
  expect(parts.length).toBeLessThan(10)
  vi.advanceTimersByTime(1000)
  // Each costs the engine milliseconds: not more than ten in a second.
  expect(parts.length).toBeLessThan(13)
  vi.advanceTimersByTime(30_000)
  expect(new Set(parts.map(({ signal }) => signal)).size).toBe(256)
  expect(witness.skipped).toBe(1000 - 256)
})

test('what the agent does to test itself is not told', async () => {
  const { engine, parts, exec } = setUp()
  const change = engine.objectFeed(engine.events.get('change'))
  const make = (name: string) => change.emit({ kind: 'created', path: `/x/${name}`, file: { name } } as never, { pid: 7 })
  const selfTests = new SelfTests(engine)
  const selfTest = {
    on: 'change',
    trigger: make,
    recognise: (event: { get(field: string): unknown }, nonce: string) => event.get('change.file.name') === nonce,
  }
  const sensor = { running: 'only', definition: { selfTest } } as unknown as Sensor
  selfTests.watch([sensor])
  engine.hooks.facadeFor('test').finding.tap((finding) => {
    selfTests.arrived(finding.rule, finding.title)
    return finding.rule === selfTests.rule ? null : finding
  })
  make('before')
  await selfTests.run(sensor)
  expect(sensor.selfTest).toBe('alive')
  exec('/bad')
  vi.advanceTimersByTime(20)
  expect(parts[0]?.events.map(({ type, details }) => [type, details?.['path']])).toEqual([
    ['change', '/x/before'],
    ['exec', undefined],
  ])
})
