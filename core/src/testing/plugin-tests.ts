import { strict as assert } from 'node:assert'
import { standardEvents } from '../model/standard-events.ts'
import type { PluginContext } from '../plugin/context.ts'
import type { PluginInstance } from '../plugin/instance.ts'
import type { SourceDefinition } from '../plugin/source.ts'
import { leftOpen } from './open-handles.ts'
import type { TestRunner } from './plugin-tester.ts'
import { TestPipeline } from './test-pipeline.ts'

/** What sources, enrichers and detectors owe. */
export function pluginTests(it: TestRunner['it'], make: () => PluginInstance, beside: readonly PluginInstance[]): void {
  const open = (instance: PluginInstance = make()) => TestPipeline.of([...beside, instance])

  it('sets up with frozen options', async () => {
    await using pipeline = await open()
    noFaults(pipeline)
  })
  it('stops without having started, and may be stopped twice', async () => {
    const pipeline = await open()
    noFaults(pipeline)
    await pipeline.stop()
    await pipeline.stop()
    noFaults(pipeline)
  })
  it('leaves nothing open', async () => {
    const left = await leftOpen(async () => {
      const pipeline = await open()
      await pipeline.stop()
    })
    assert.deepEqual(left, [], 'still open after stop')
  })
  it('declares the events that it feeds', async () => {
    const fed = { doors: new Set<string>(), sources: new Set<string>() }
    const instance = make()
    await using pipeline = await open(watched(instance, fed))
    noFaults(pipeline)
    const declared = new Set([...standardEvents, ...(instance.definition.events ?? [])].map(({ type }) => type))
    const undeclared = [...new Set([...fed.doors, ...fed.sources])].filter((type) => !declared.has(type))
    assert.deepEqual(undeclared, [], 'fed, but not among `events` of the definition')
    // What any plugin may tell of the agent, such as a loss, is nobody's sensor.
    const unsaid = fed.sources.size > 0 ? [...fed.doors].filter((type) => !fed.sources.has(type) && !type.startsWith('agent.')) : []
    assert.deepEqual(unsaid, [], 'fed, but not among `feeds` of a source')
  })
  it('bears events of which nothing is known', async () => {
    await using pipeline = await open()
    for (const type of pipeline.runtime.engine.events.values()) if (!type.agent) pipeline.emit(type.type as 'exec', {})
    noFaults(pipeline)
  })
  it('has its throws attributed', async () => {
    const instance = make()
    const deliberate = definitionOf(instance, (ctx) => {
      ctx.hooks.detect.for('exec').tap(() => {
        throw new Error('deliberate')
      })
    })
    await using pipeline = await open(deliberate)
    pipeline.emit('exec', {})
    assert.deepEqual(
      pipeline.faults.map(({ plugin, hook, error }) => [plugin, hook, error.message]),
      [[instance.name, 'detect:exec', 'deliberate']],
    )
  })
}

/** @throws AssertionError that names plugin, hook and words of each fault. */
function noFaults(pipeline: TestPipeline): void {
  const told = pipeline.faults.map(({ plugin, hook, error }) => `plugin "${plugin}" failed in ${hook}: ${error.message}`)
  if (told.length > 0) assert.fail(told.join('\n'))
}

/** The same plugin with something of ours after its own setup. */
function definitionOf(instance: PluginInstance, after: (ctx: PluginContext) => void, before = (ctx: PluginContext) => ctx): PluginInstance {
  const setup = async (ctx: PluginContext) => {
    await instance.definition.setup(before(ctx) as never)
    after(ctx)
  }
  return { ...instance, definition: { ...instance.definition, setup } }
}

/** The same plugin, its doors and sources noted. */
function watched(instance: PluginInstance, fed: { readonly doors: Set<string>; readonly sources: Set<string> }): PluginInstance {
  return definitionOf(
    instance,
    () => {},
    (ctx) => ({
      ...ctx,
      feed: ((event: { readonly type: string } | string, ...rest: never[]) => {
        fed.doors.add(typeof event === 'string' ? event : event.type)
        return ctx.feed(event as 'exec', ...(rest as []))
      }) as PluginContext['feed'],
      source: (definition: SourceDefinition) => {
        for (const type of definition.feeds) fed.sources.add(type)
        ctx.source(definition)
      },
    }),
  )
}
