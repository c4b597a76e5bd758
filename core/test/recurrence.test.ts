import { describe, expect, it } from 'vitest'
import type { BaseEvent } from '../src/model/event-class.ts'
import type { Recurring } from '../src/model/recurrence.ts'
import { EventRegistry } from '../src/model/registry.ts'
import type { Undecoded } from '../src/model/text-bytes.ts'
import { Engine } from '../src/pipeline/engine.ts'

const bytes = () => ({ bytes: Buffer.from('-x'), start: 0, end: 2, nul: 0x20 })

/** A tree by plugin `tree`, which provides what a lineage says; `other` provides and feeds too. */
function setUp() {
  const engine = new Engine(
    new EventRegistry(),
    () => {},
    () => {},
  )
  const fields = new Set(['file.path', 'file.name', 'uid', 'container.id'])
  engine.track('tree', {
    ownRecords: true,
    locate: (event) => (event.cursor >= 0 ? event.cursor : -1),
    processOf: () => 1,
    onRelease: () => {},
    lineages: { fields, of: (actor) => actor + 100, commands: { fields: new Set(['args', 'envp']), of: (actor) => actor + 200 } },
  })
  const provided = ['process.file.path', 'process.parent.file.path', 'process.ancestors.file.path', 'process.uid', 'container.id']
  engine.providers.add('tree', '*', Object.fromEntries(provided.map((name) => [name, () => 'x'])) as never)
  engine.providers.add('other', '*', { 'process.file.name': () => 'y' } as never)
  const seen = new Map<string, Recurring & Undecoded & BaseEvent>()
  for (const type of ['exec', 'exit', 'open'] as const)
    engine.hooks
      .facadeFor('probe')
      .detect.for(type)
      .tap((event) => void seen.set(type, event as never))
  const of = (type: string) => engine.events.get(type)
  return { engine, seen, of }
}

describe('what recurs of events', () => {
  it('is what the tracker itself provides, and what is derived from that', () => {
    const { engine, seen, of } = setUp()
    engine.batchFeed(of('exec'), { 'exec.file.path': () => 'x', 'exec.args': Object.assign(() => '-x', { bytes }) }, 'tree').emit(7)
    engine.batchFeed(of('exit'), {}, 'tree').emit(8)
    const exec = seen.get('exec')
    expect([...(exec?.recurrence?.fields ?? [])].filter((name) => !name.endsWith('length')).sort()).toEqual([
      'container.id',
      'exec.file.path',
      'process.ancestors.file.path',
      'process.file.path',
      'process.parent.file.path',
      'process.uid',
    ])
    expect(exec?.recurrence?.of(exec)).toBe(107)
    expect([...(exec?.bytes?.keys() ?? [])]).toEqual(['exec.args'])
    expect(exec?.bytes?.get('exec.args')?.(exec)).toEqual(bytes())
    expect(seen.get('exit')?.recurrence?.fields).toContain('exit.file.path')
  })

  it('is more where it is about how a program was started, and not of what stands above that', () => {
    const { engine, seen, of } = setUp()
    engine.providers.add('tree', '*', { 'process.args': () => 'x', 'process.parent.args': () => 'x', 'process.envp': () => [] } as never)
    engine.batchFeed(of('exec'), { 'exec.args': () => '-x', 'exec.file.path': () => 'x' }, 'tree').emit(7)
    engine.batchFeed(of('open'), {}, 'tree').emit(8)
    const exec = seen.get('exec')
    const finer = exec?.recurrence?.finer
    const more = [...(finer?.fields ?? [])].filter((name) => !exec?.recurrence?.fields.has(name) && !name.endsWith('length'))
    expect(more.sort()).toEqual(['exec.args', 'process.args', 'process.envp'])
    for (const name of exec?.recurrence?.fields ?? []) expect(finer?.fields).toContain(name)
    expect(finer?.of(exec as never)).toBe(207)
    expect(seen.get('open')?.recurrence?.finer).toBeUndefined()
  })

  it('is nothing that another feed reads from its records, nor anything of events that come as objects', () => {
    const { engine, seen, of } = setUp()
    engine.batchFeed(of('open'), { 'process.uid': () => 5, 'open.file.path': () => '/x' }, 'other').emit(-1)
    const open = seen.get('open')
    expect(open?.recurrence?.fields).toContain('process.file.path')
    expect(open?.recurrence?.fields).not.toContain('process.uid')
    expect(open?.recurrence?.fields).not.toContain('open.file.path')
    expect(open?.recurrence?.of(open)).toBe(0)
    engine.objectFeed(of('open'), 'tree').emit({ 'open.file.path': '/x' } as never)
    expect(seen.get('open')?.recurrence).toBeUndefined()
  })
})
