import { describe, expect, it } from 'vitest'
import { lackingFields } from '../src/condition/feasible.ts'
import { fromWhere } from '../src/condition/from-where.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { Engine } from '../src/pipeline/engine.ts'
import { definePlugin } from '../src/plugin/define.ts'
import { TestPipeline } from '../src/testing/test-pipeline.ts'

const registry = new EventRegistry()
const open = registry.get('open')
const engine = () =>
  new Engine(
    registry,
    () => {},
    () => {},
  )

describe('what somebody tells', () => {
  it('is what doors read, what plugins provide, and what follows from such', () => {
    const { told, providers, batchFeed } = bound(engine())
    expect(told.has(open, 'open.file.path')).toBe(false)
    batchFeed(open, { 'open.file.path': () => '/etc/shadow' })
    providers.add('tree', '*', { 'process.argv': () => [] })
    for (const field of ['open.file.path', 'open.file.path.length', 'process.argv', 'process.args_flags', 'event.hostname'])
      expect(told.has(open, field), field).toBe(true)
    for (const field of ['open.flags', 'open.file.name.length', 'process.comm', 'exec.file.path', 'no.such'])
      expect(told.has(open, field), field).toBe(false)
    expect(told.has(registry.get('exec'), 'process.argv')).toBe(true)
    const exit = registry.get('exit')
    expect(['exit.argv', 'exit.args_options', 'exit.comm', 'exit.code'].map((field) => told.has(exit, field))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('may be anything where events come as objects, and of the agent itself', () => {
    const { told, objectFeed } = bound(engine())
    objectFeed(open)
    expect(told.has(open, 'open.flags')).toBe(true)
    expect(told.has(open, 'no.such')).toBe(false)
    expect(told.has(registry.get('agent.lost_events'), 'agent.lost_events.count')).toBe(true)
  })

  it('is known to plugins once sensors run', async () => {
    let asked: ((field?: string) => boolean) | undefined
    const source = definePlugin(import.meta, {
      name: 'opens',
      setup(ctx) {
        ctx.feed('open', { 'open.file.path': () => '/etc/shadow' })
        ctx.source({ sensor: 'opens', feeds: ['open'], flavours: [{ name: 'only', probe: () => ({ ok: true }), start() {}, stop() {} }] })
        asked = (field) => ctx.model.isFed('open', field)
      },
    })
    await using pipeline = await TestPipeline.of([source()])
    expect(pipeline.faults).toEqual([])
    expect(asked?.('open.file.path')).toBe(false)
    await pipeline.start()
    expect([asked?.(), asked?.('open.file.path'), asked?.('open.flags')]).toEqual([true, true, false])
  })
})

describe('the fields for want of which a condition can never be true', () => {
  const isTold = (field: string) => field !== 'open.flags' && field !== 'open.retval'
  const lacking = (text: string) => lackingFields(parseCondition(text, open), isTold)

  it.each([
    ['open.file.path == "/etc/shadow"', []],
    ['open.flags == 1', ['open.flags']],
    ['open.flags != 1', ['open.flags']],
    ['!(open.flags == 1)', ['open.flags']],
    ['open.file.path == "/a" && open.flags & O_CREAT > 0', ['open.flags']],
    ['open.file.path == "/a" || open.flags == 1', []],
    ['open.flags == 1 || open.retval < 0', ['open.flags', 'open.retval']],
    ['!(open.file.path == "/a" || open.flags == 1)', ['open.flags']],
    ['!(open.file.path == "/a" && open.flags == 1)', []],
    ['process.ancestors.comm in ["sh"] && (open.flags == 1 || process.uid == 0)', []],
  ])('%s: %j', (text, fields) => expect(lacking(text)).toEqual(fields))

  it('are none where nothing is asked for', () => {
    expect(lackingFields(fromWhere({}, open), () => false)).toEqual([])
  })
})

/** Methods that may be taken from their object. */
function bound(of: Engine) {
  return { told: of.told, providers: of.providers, batchFeed: of.batchFeed.bind(of), objectFeed: of.objectFeed.bind(of) }
}
