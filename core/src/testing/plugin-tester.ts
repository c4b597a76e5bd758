import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { EventDefinition } from '../model/define-event.ts'
import { standardEvents } from '../model/standard-events.ts'
import type { AnyInstance, NotifierDefinition } from '../plugin/instance.ts'
import type { NotifierContext } from '../plugin/notifier.ts'
import { deepFreeze, TestPipeline } from './test-pipeline.ts'

type TestFunction = (name: string, body: () => void | Promise<void>) => void

interface Runner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: TestFunction
}

/** What `definePlugin` and `defineNotifier` return, as far as the tester needs it. */
type Factory = {
  readonly definition: { readonly options?: z.ZodType; readonly events?: readonly EventDefinition[] }
}

export interface PluginCases {
  /** Options that must be accepted; the first is the sample configuration, used for the life-cycle tests. */
  readonly valid: readonly object[]
  /** Options that must be refused. */
  readonly invalid?: readonly object[]
}

/**
 * Tests what every plugin owes its users, whatever it does. Works with any runner that has `describe` and `it`:
 * `new PluginTester({ describe, it }).run(myPlugin, { valid: [{ limit: 3 }], invalid: [{ limit: -1 }] })`.
 */
export class PluginTester {
  readonly #runner: Runner

  /** @param runner the globals of vitest, jest or mocha unless given */
  constructor(runner: Runner = globalThis as unknown as Runner) {
    if (typeof runner.describe !== 'function' || typeof runner.it !== 'function')
      throw new Error('PluginTester needs a test runner: new PluginTester({ describe, it })')
    this.#runner = runner
  }

  run(factory: Factory, cases: PluginCases): void {
    const make = factory as unknown as (options: object) => AnyInstance
    const sample = cases.valid[0] ?? {}
    const { describe, it } = this.#runner
    describe(`plugin ${make(sample).name}`, () => {
      optionTests(it, factory, cases)
      if (make(sample).kind === 'plugin') pluginTests(it, make, sample, factory.definition.events ?? [])
      else notifierTests(it, make, sample)
    })
  }
}

function optionTests(it: TestFunction, factory: Factory, { valid, invalid = [] }: PluginCases): void {
  const schema = factory.definition.options
  for (const [i, options] of valid.entries())
    it(`accepts options ${i === 0 ? '(sample)' : i}`, () => {
      const { name: _, ...rest } = options as { name?: string }
      assert.doesNotThrow(() => schema?.parse(rest))
    })
  for (const [i, options] of invalid.entries())
    it(`refuses options ${i}`, () => {
      assert.ok(schema, 'a plugin without options cannot refuse any')
      assert.equal(schema.safeParse(options).success, false, 'these options were accepted')
    })
  if (schema)
    it('describes each option', () => {
      const properties = (
        z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties?: Record<string, { description?: string }> }
      ).properties
      const silent = Object.entries(properties ?? {}).flatMap(([name, { description }]) => (description ? [] : [name]))
      assert.deepEqual(silent, [], 'options without .describe()')
    })
}

function pluginTests(it: TestFunction, make: (options: object) => AnyInstance, sample: object, declared: readonly EventDefinition[]): void {
  it('sets up with frozen options, and stops without having started', async () => {
    const pipeline = await TestPipeline.of([make(sample)])
    await pipeline.stop()
    assert.deepEqual(pipeline.faults, [])
  })
  it('may be stopped twice', async () => {
    const pipeline = await TestPipeline.of([make(sample)])
    await pipeline.stop()
    await pipeline.stop()
    assert.deepEqual(pipeline.faults, [])
  })
  it('leaves nothing open', async () => {
    const before = process.getActiveResourcesInfo()
    const pipeline = await TestPipeline.of([make(sample)])
    await pipeline.stop()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(leftOver(before, process.getActiveResourcesInfo()), [])
  })
  it('declares the events that its sources feed', async () => {
    await using pipeline = await TestPipeline.of([make(sample)])
    const known = new Set([...standardEvents, ...declared].map((event) => event.type))
    assert.deepEqual(
      pipeline.runtime.sensors.flatMap((sensor) => sensor.definition.feeds.filter((type) => !known.has(type))),
      [],
      'events that are fed but not in `events` of the definition',
    )
  })
  it('has its throws attributed', async () => {
    const instance = make(sample)
    await using pipeline = await TestPipeline.of([instance])
    pipeline.runtime.engine.hooks
      .facadeFor(instance.name)
      .detect.for('exec')
      .tap(() => {
        throw new Error('deliberate')
      })
    pipeline.emit('exec', {})
    assert.ok(pipeline.faults.some(({ plugin, error }) => plugin === instance.name && error.message === 'deliberate'))
  })
}

function notifierTests(it: TestFunction, make: (options: object) => AnyInstance, sample: object): void {
  const open = async () => {
    const instance = make(sample)
    const definition = instance.definition as NotifierDefinition
    const options = deepFreeze(definition.options?.parse(instance.options) ?? {})
    const silent = () => {}
    const context: NotifierContext = {
      name: instance.name,
      options: options as object,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      signal: new AbortController().signal,
      secret: (ref) => ('literal' in ref ? ref.literal : 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
    }
    return await definition.setup(context as never)
  }
  it('has options that can cross to the delivery thread', () => {
    const instance = make(sample)
    assert.doesNotThrow(() => structuredClone(instance.definition.options?.parse(instance.options)))
  })
  it('sets up with frozen options, and closes without having delivered', async () => {
    const notifier = await open()
    assert.equal(typeof notifier.deliver, 'function')
    await notifier.close?.()
  })
  it('may be closed twice and leaves nothing open', async () => {
    const before = process.getActiveResourcesInfo()
    const notifier = await open()
    await notifier.close?.()
    await notifier.close?.()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(leftOver(before, process.getActiveResourcesInfo()), [])
  })
}

function leftOver(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...after]
  for (const resource of before) {
    const i = rest.indexOf(resource)
    if (i >= 0) rest.splice(i, 1)
  }
  return rest.filter((resource) => resource !== 'Immediate')
}
