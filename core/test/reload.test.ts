import { expect, it } from 'vitest'
import { type LoadedInstance, Runtime } from '../src/agent/runtime.ts'
import { Counters } from '../src/pipeline/counters.ts'
import { definePlugin } from '../src/plugin/define.ts'
import { KeepStore } from '../src/plugin/keep.ts'
import type { InterestSet, ObjectFeed } from '../src/plugin/source.ts'
import type { MemoryState } from '../src/plugin/state.ts'
import { loggerInto, type ObservedLog } from '../src/testing/test-pipeline.ts'

const meta = { url: import.meta.url }

/** A sensor that outlives compositions: what it sees goes to whoever started it last. */
class FakeSensor {
  readonly held: InterestSet[] = []
  feed: ObjectFeed<'exec'> | undefined
  owner: object | undefined
  closed = false

  see(path: string): void {
    this.feed?.emit({ file: { path } })
  }

  close(): void {
    this.closed = true
  }
}

/** Everything that two compositions have to do with each other, and what happened. */
class Host {
  readonly sensors: FakeSensor[] = []
  readonly findings: string[] = []
  readonly logs: ObservedLog[] = []
  readonly written: (readonly [string, string, string | null])[] = []
  readonly keep = new KeepStore()
  readonly counters = new Counters()
  readonly #states = new Map<string, MemoryState>()
  refuse = false
  onStart: (sensor: FakeSensor) => void = () => {}

  source(options: object = {}): LoadedInstance {
    const host = this
    const plugin = definePlugin(meta, {
      setup(ctx) {
        const sensor = ctx.keep('sensor', () => {
          const made = new FakeSensor()
          host.sensors.push(made)
          return made
        })
        const feed = ctx.feed('exec') as ObjectFeed<'exec'>
        const owner = {}
        ctx.source({
          sensor: 'process',
          feeds: ['exec'],
          interests: (set) => void sensor.held.push(set),
          flavours: [
            {
              name: 'fake',
              probe: () => (host.refuse ? { ok: false, reason: 'refused on purpose' } : { ok: true }),
              start: () => {
                sensor.feed = feed
                sensor.owner = owner
                host.onStart(sensor)
              },
              stop: () => {
                if (sensor.owner === owner) sensor.feed = undefined
              },
            },
          ],
        })
      },
    })
    return { instance: plugin({ name: 'source' }), options }
  }

  rule(id: string, path: string): LoadedInstance {
    const plugin = definePlugin(meta, {
      setup(ctx) {
        ctx.state.set('rounds', ((ctx.state.get('rounds') as number | undefined) ?? 0) + 1)
        ctx.detect('exec', { 'exec.file.path': path }, () => ({ rule: `${id}-${String(ctx.state.get('rounds'))}`, severity: 'high' }))
      },
    })
    return { instance: plugin({ name: 'rule' }), options: {} }
  }

  failing(): LoadedInstance {
    const plugin = definePlugin(meta, {
      setup() {
        throw new Error('no such table')
      },
    })
    return { instance: plugin({ name: 'failing' }), options: {} }
  }

  async runtime(...instances: LoadedInstance[]): Promise<Runtime> {
    const runtime = new Runtime(instances, {
      keep: this.keep,
      states: this.#states,
      counters: this.counters,
      logFor: (name) => loggerInto(this.logs, name),
      stateOf: () => ({}),
      writeState: (plugin, key, value) => void this.written.push([plugin, key, value]),
      onFinding: ({ rule }) => void this.findings.push(rule),
    })
    await runtime.setup()
    return runtime
  }
}

const wanted = (set: InterestSet | undefined) => JSON.stringify([...(set?.byType.get('exec') ?? [])].map(({ condition }) => condition))

it('hands sensors over as they run: each event is judged once, by the rules of then; what plugins stored and counted goes on', async () => {
  const host = new Host()
  const first = await host.runtime(host.source(), host.rule('a', '/a'))
  await first.startSensors()
  const [sensor] = host.sensors as [FakeSensor]
  sensor.see('/a')
  sensor.see('/b')
  const second = await host.runtime(host.source(), host.rule('b', '/b'))
  sensor.see('/a')
  await second.takeOver(first)
  sensor.see('/a')
  sensor.see('/b')
  await first.retire()
  sensor.see('/b')
  await second.settle()
  sensor.see('/b')
  expect(host.findings).toEqual(['a-1', 'a-2', 'b-2', 'b-2', 'b-2'])
  expect(host.sensors).toEqual([sensor])
  expect(sensor.closed).toBe(false)
  expect(host.counters.of('exec').seen).toBe(7)
  expect(host.written).toEqual([
    ['rule', 'rounds', '1'],
    ['rule', 'rounds', '2'],
  ])
  await second.stop()
  await host.keep.close()
  expect(sensor.closed).toBe(true)
})

it('has sensors want what both compositions want during the swap, then the new one alone, in rising generations', async () => {
  const host = new Host()
  const first = await host.runtime(host.source(), host.rule('a', '/a'))
  await first.startSensors()
  const second = await host.runtime(host.source(), host.rule('b', '/b'))
  await second.takeOver(first)
  await first.retire()
  await second.settle()
  const held = (host.sensors[0] as FakeSensor).held
  expect(held.map(({ generation }) => generation)).toEqual([1, 2, 3])
  expect(held.map((set) => [wanted(set).includes('/a'), wanted(set).includes('/b')])).toEqual([
    [true, false],
    [true, true],
    [false, true],
  ])
  await second.stop()
  await host.keep.close()
})

it('starts a sensor of other options beside the old one, and lets the old one be heard until the new one is at work', async () => {
  const host = new Host()
  const first = await host.runtime(host.source({ size: 1 }), host.rule('a', '/a'))
  await first.startSensors()
  const [old] = host.sensors as [FakeSensor]
  const second = await host.runtime(host.source({ size: 2 }), host.rule('b', '/a'))
  const made = host.sensors[1] as FakeSensor
  // For a while both see the same.
  host.onStart = () => {
    made.see('/a')
    old.see('/a')
  }
  await second.takeOver(first)
  expect(host.findings).toEqual(['a-2'])
  made.see('/a')
  expect(old.feed).toBeUndefined()
  await first.retire()
  await second.settle()
  expect(old.closed).toBe(true)
  expect(made.closed).toBe(false)
  expect(host.findings).toEqual(['a-2', 'b-2'])
  await second.stop()
  await host.keep.close()
})

it.each([
  ['a plugin cannot be set up', (host: Host) => [host.source(), host.failing()]],
  [
    'a sensor cannot run any more',
    (host: Host) => {
      host.refuse = true
      return [host.source()]
    },
  ],
])('gives everything back where %s', async (_, composition) => {
  const host = new Host()
  const first = await host.runtime(host.source(), host.rule('a', '/a'))
  await first.startSensors()
  const [sensor] = host.sensors as [FakeSensor]
  const second = await host.runtime(...composition(host))
  await expect(second.takeOver(first)).rejects.toMatchObject({ name: 'CwsError' })
  await second.abandon()
  sensor.see('/a')
  expect(host.findings).toEqual(['a-1'])
  expect(sensor.closed).toBe(false)
  expect(wanted(sensor.held.at(-1))).toContain('/a')
  host.refuse = false
  const third = await host.runtime(host.source(), host.rule('c', '/a'))
  await third.takeOver(first)
  await first.retire()
  await third.settle()
  sensor.see('/a')
  expect(host.findings).toEqual(['a-1', 'c-2'])
  await third.stop()
  await host.keep.close()
})
