import { describe, expect, it } from 'vitest'
import type { Event } from '../src/model/event.ts'
import { briefMembers } from '../src/model/event-json.ts'
import { exec } from '../src/model/events/exec.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { UNKNOWN } from '../src/model/unknown.ts'
import { Engine } from '../src/pipeline/engine.ts'

function engineWith(handler: (event: Event<'exec'>) => void) {
  const faults: string[] = []
  const engine = new Engine(
    new EventRegistry(),
    () => {},
    (plugin, hook, error) => faults.push(`${plugin}/${hook}: ${error.message}`),
  )
  engine.hooks.facadeFor('probe').detect.for('exec').tap(handler)
  return { engine, faults }
}

describe('event views', () => {
  it('read a batch lazily, nested and by dotted name', () => {
    const reads: string[] = []
    let seen: unknown[] = []
    const { engine } = engineWith((event) => {
      seen = [event.exec.file.path, event.get('exec.file.path'), event.exec.pid, event.exec.comm, event.get('no.such.field')]
    })
    const feed = engine.batchFeed(exec, {
      'exec.file.path': (cursor) => {
        reads.push('path')
        return `/bin/${cursor}`
      },
      'exec.pid': (cursor) => cursor,
      'exec.args': () => {
        reads.push('args')
        return ''
      },
    })
    feed.emit(7)
    expect(seen).toEqual(['/bin/7', '/bin/7', 7, UNKNOWN, UNKNOWN])
    expect(reads).toEqual(['path'])
    feed.emit(8)
    expect(seen[0]).toBe('/bin/8')
  })

  it('throw after their dispatch, blocks too; a kept event stays', () => {
    let view: Event<'exec'> | undefined
    let kept: Event<'exec'> | undefined
    const { engine } = engineWith((event) => {
      view = event
      kept = event.keep()
    })
    const feed = engine.batchFeed(exec, { 'exec.file.path': () => '/bin/sh' })
    feed.emit(1)
    const block = () => view?.exec.file.path
    expect(block).toThrow(expect.objectContaining({ code: 'CWS_ERR_EVENT_EXPIRED' }))
    feed.emit(2)
    expect(kept?.exec.file.path).toBe('/bin/sh')
    expect(kept?.exec.comm).toBe(UNKNOWN)
    expect(kept?.keep()).toBe(kept)
  })

  it('stay readable while a handler causes another event', () => {
    const { engine, faults } = engineWith((event) => {
      if (event.exec.pid === 1) feed.emit(2)
      expect(event.exec.pid).toBeGreaterThan(0)
    })
    const feed = engine.batchFeed(exec, { 'exec.pid': (cursor) => cursor })
    feed.emit(1)
    expect(faults).toEqual([])
    expect(engine.counters.of('exec').seen).toBe(2)
  })

  it('become JSON with nested names, null-free blocks, exact integers and a list of ancestors', () => {
    let json = ''
    let brief: Record<string, unknown> = {}
    const { engine } = engineWith((event) => {
      json = JSON.stringify(event)
      brief = JSON.parse(`{${briefMembers(event as never)}}`)
    })
    engine
      .batchFeed(exec, {
        'event.timestamp': () => 1_700_000_000_123_456_789n,
        'exec.file.inode': () => 2n ** 60n + 1n,
        'process.ancestors.length': () => 2,
        'process.ancestors.pid': () => [5, 1],
        'process.ancestors.file.path': () => ['/bin/sh', UNKNOWN],
        'process.ancestors.cwd': () => ['/home', '/'],
        'process.parent.envs': () => ['HOME'],
        'process.parent.pid': () => 5,
      })
      .emit(0)
    expect(json).toContain('"inode":1152921504606846977')
    expect(json).toContain('"timestamp":"2023-11-14T22:13:20.123456789Z"')
    expect(JSON.parse(json).process.ancestors).toEqual([
      { pid: 5, cwd: '/home', file: { path: '/bin/sh' } },
      { pid: 1, cwd: '/' },
    ])
    expect(brief['process']).toEqual({ parent: { pid: 5 }, ancestors: [{ pid: 5, file: { path: '/bin/sh' } }, { pid: 1 }] })
    expect(JSON.parse(json).container).toBeUndefined()
  })

  it('redact on the way out alone', () => {
    let raw: unknown
    let json: Record<string, unknown> = {}
    const { engine } = engineWith((event) => {
      raw = event.exec.args
      json = event.keep().toJSON()
    })
    engine.redactors.set('exec.args', () => '********')
    engine.batchFeed(exec, { 'exec.args': () => '--password=x' }).emit(0)
    expect(raw).toBe('--password=x')
    expect(json['exec']).toEqual({ args: '********' })
  })
})

describe('faults', () => {
  it('of one tap neither stop the next nor go unattributed', () => {
    const faults: string[] = []
    const engine = new Engine(
      new EventRegistry(),
      () => {},
      (plugin, hook, error, count) => faults.push(`${plugin} ${hook} ${error.message} ${count}`),
    )
    let reached = 0
    engine.hooks
      .facadeFor('bad')
      .detect.for('exec')
      .tap(() => {
        throw new Error('boom')
      })
    engine.hooks
      .facadeFor('good')
      .detect.for('exec')
      .tap(() => {
        reached++
      })
    const told: unknown[] = []
    engine.hooks
      .facadeFor('watch')
      .detect.for('agent.plugin_fault')
      .tap((event) => told.push(event.get('agent.plugin_fault.plugin')))
    const feed = engine.batchFeed(exec, {})
    for (let i = 0; i < 5; i++) feed.emit(i)
    expect(reached).toBe(5)
    expect(faults).toEqual(['bad detect:exec boom 1', 'bad detect:exec boom 2', 'bad detect:exec boom 4'])
    expect(told).toEqual(['bad', 'bad', 'bad'])
    expect(engine.counters.faults).toBe(5)
  })

  it('a tap that turns out asynchronous has its rejection attributed', async () => {
    const faults: string[] = []
    const engine = new Engine(
      new EventRegistry(),
      () => {},
      (plugin, _hook, error) => faults.push(`${plugin} ${error.message}`),
    )
    engine.hooks
      .facadeFor('late')
      .detect.for('exec')
      .tap((async () => {
        throw new Error('later')
      }) as () => void)
    engine.batchFeed(exec, {}).emit(0)
    await Promise.resolve()
    await Promise.resolve()
    expect(faults).toEqual(['late later'])
  })
})

describe('field providers', () => {
  it('run only when read, and once a dispatch', () => {
    let runs = 0
    const { engine } = engineWith((event) => {
      event.get('exec.user')
      event.get('exec.user')
    })
    engine.providers.add('users', '*', { 'exec.user': () => `user${++runs}`, 'exec.group': () => `group${++runs}` })
    engine.batchFeed(exec, {}).emit(0)
    expect(runs).toBe(1)
  })

  it('that promise park the event, which is judged once more', async () => {
    let resolve: (value: unknown) => void = () => {}
    const judged: unknown[] = []
    const engine = new Engine(
      new EventRegistry(),
      () => {},
      () => {},
    )
    engine.providers.add('slow', '*', { 'exec.user': () => new Promise((r) => (resolve = r)) })
    engine.hooks
      .facadeFor('judge')
      .detect.for('exec')
      .tap((event) => {
        if (event.exec.user === UNKNOWN) engine.undecided('judge', event as never, (kept) => judged.push(kept.get('exec.user')))
      })
    engine.batchFeed(exec, {}).emit(0)
    resolve('root')
    await expect.poll(() => judged).toEqual(['root'])
    expect(engine.counters.of('exec')).toMatchObject({ parked: 1, undecided: 0 })
  })
})
