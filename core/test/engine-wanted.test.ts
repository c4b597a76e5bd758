import { describe, expect, it, vi } from 'vitest'
import { exec } from '../src/model/events/exec.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { Engine } from '../src/pipeline/engine.ts'

function setUp() {
  const engine = new Engine(
    new EventRegistry(),
    () => {},
    () => {},
  )
  const made = vi.spyOn(engine.providers, 'resolverFor')
  const read = vi.fn((cursor: number) => cursor)
  return { engine, made, read, batch: engine.batchFeed(exec, { 'process.pid': read, 'exec.pid': read }), objects: engine.objectFeed(exec) }
}

describe('an event that nobody looks at', () => {
  it('is counted as seen and never made', () => {
    const { engine, made, read, batch, objects } = setUp()
    engine.hooks
      .facadeFor('probe')
      .detect.for('fork')
      .tap(() => {})
    for (let i = 0; i < 5; i++) batch.emit(i)
    objects.emit({ 'exec.pid': 1 } as never)
    expect(engine.counters.of('exec').seen).toBe(6)
    expect(made).not.toHaveBeenCalled()
    expect(read).not.toHaveBeenCalled()
  })

  it.each(['detect', 'enrich'] as const)('is made from when somebody does: %s', (hook) => {
    const { engine, made, read, batch, objects } = setUp()
    batch.emit(1)
    const pids: unknown[] = []
    engine.hooks
      .facadeFor('probe')
      [hook].for('exec')
      .tap((event) => void pids.push(event.get('exec.pid')))
    batch.emit(2)
    objects.emit({ 'exec.pid': 3 } as never)
    batch.emit(4)
    expect(pids).toEqual([2, 3, 4])
    expect(engine.counters.of('exec').seen).toBe(4)
    expect(read).not.toHaveBeenCalledWith(1)
    // One class for the batches, one for the objects.
    expect(made).toHaveBeenCalledTimes(2)
  })

  it('is still heard by a process tree that is kept from events', () => {
    for (const ownRecords of [undefined, true] as const) {
      const { engine, batch } = setUp()
      const locate = vi.fn(() => -1)
      engine.track('tree', { locate, processOf: () => -1, onRelease: () => {}, ...(ownRecords && { ownRecords }) })
      batch.emit(1)
      expect(locate).toHaveBeenCalledTimes(ownRecords ? 0 : 1)
    }
  })

  it('is refused all the same if it does not fit the model', () => {
    const { objects } = setUp()
    expect(() => objects.emit({ 'exec.nope': 1 } as never)).toThrow(expect.objectContaining({ code: 'CWS_ERR_FIELD_UNKNOWN' }))
  })
})
