import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { definePlugin } from '../src/plugin/define.ts'
import type { Flavour, SourceDefinition } from '../src/plugin/source.ts'
import { TestPipeline } from '../src/testing/test-pipeline.ts'

const meta = { url: import.meta.url }

describe('ctx.detect', () => {
  const hopper = definePlugin(meta, {
    options: z.object({ limit: z.int().default(2) }),
    setup(ctx) {
      const started = ctx.per('process', () => new Set<string>())
      ctx.detect('exec', { 'exec.file.path': ['/tmp/**', '/dev/shm/**'] }, (event) => {
        const files = started(event).add(event.exec.file.path)
        if (files.size > ctx.options.limit) return { rule: 'temp-hopper', severity: 'high', title: `${files.size} programs` }
      })
    },
  })
  const tracker = definePlugin(meta, {
    setup(ctx) {
      let release: (process: number) => void = () => {}
      ctx.track({
        locate: (event) => event.pid ?? -1,
        processOf: (actor) => actor,
        onRelease: (callback) => {
          release = callback
        },
      })
      ctx.hooks.detect.for('exit').tap((event) => release(Number(event.get('process.pid'))))
    },
  })

  it('judges what the interest lets through, per process, and forgets a process with its end', async () => {
    await using pipeline = await TestPipeline.of([tracker({ name: 'tree' }), hopper({ name: 'hopper' })])
    const run = (path: string, pid = 7) => pipeline.emit('exec', { file: { path } }, { pid })
    for (const path of ['/tmp/a', '/usr/bin/x', '/tmp/b', '/dev/shm/c']) run(path)
    run('/tmp/d', 8)
    expect(pipeline.findings.map(({ title }) => title)).toEqual(['3 programs'])
    expect(pipeline.signals[0]).toMatchObject({ rule: { id: 'temp-hopper' }, severity: 'high' })
    pipeline.emit('exit', { code: 0 }, { pid: 7 })
    run('/tmp/e')
    expect(pipeline.findings).toHaveLength(1)
    expect(pipeline.faults).toEqual([])
  })

  it('hands its interest upstream as data', async () => {
    await using pipeline = await TestPipeline.of([hopper()])
    const set = pipeline.interests()
    expect(set.byType.get('exec')).toEqual([
      { plugin: expect.any(String), urgent: true, condition: expect.objectContaining({ op: 'match', field: 'exec.file.path' }) },
    ])
    expect(set.byType.has('open')).toBe(false)
  })

  it('attributes a handler that rejects, and one that keeps its finding for later', async () => {
    const late = definePlugin(meta, {
      setup(ctx) {
        ctx.detect('exec', null, (async () => {
          throw new Error('no such table')
        }) as never)
        ctx.detect('exit', null, (async () => ({ rule: 'late', severity: 'high' })) as never)
        ctx.detect('fork', null, (async () => {}) as never)
      },
    })
    await using pipeline = await TestPipeline.of([late({ name: 'late' })])
    pipeline.emit('exec', {})
    pipeline.emit('exit', {})
    pipeline.emit('fork', {})
    await new Promise((resolve) => setImmediate(resolve))
    expect(pipeline.faults).toMatchObject([
      { plugin: 'late', hook: 'detect:exec', error: { message: 'no such table' } },
      { plugin: 'late', hook: 'detect:exit', error: { message: expect.stringContaining('in a promise') } },
    ])
    expect(pipeline.findings).toEqual([])
  })

  it.each([{}, { rule: 'x' }, { rule: 'x', severity: 'fatal' }, null, 'x', 7])('refuses %j for a finding', async (finding) => {
    const odd = definePlugin(meta, { setup: (ctx) => ctx.detect('exec', null, () => finding as never) })
    await using pipeline = await TestPipeline.of([odd({ name: 'odd' })])
    pipeline.emit('exec', {})
    expect(pipeline.faults).toMatchObject([{ plugin: 'odd', hook: 'detect:exec', error: { message: expect.stringContaining('severity') } }])
    expect(pipeline.findings).toEqual([])
  })

  it('never fires on UNKNOWN', async () => {
    await using pipeline = await TestPipeline.of([hopper({ limit: 0 })])
    pipeline.emit('exec', { comm: 'x' })
    expect(pipeline.findings).toEqual([])
    expect(pipeline.runtime.engine.counters.of('exec').undecided).toBe(1)
  })

  it('freezes options', async () => {
    const greedy = definePlugin(meta, {
      options: z.object({ list: z.array(z.string()).default([]) }),
      setup(ctx) {
        ;(ctx.options.list as string[]).push('x')
      },
    })
    await using pipeline = await TestPipeline.of([greedy({ name: 'greedy' })])
    expect(pipeline.faults).toMatchObject([{ plugin: 'greedy', hook: 'setup' }])
  })
})

describe('life cycle', () => {
  const flavour = (name: string, over: Partial<Flavour> = {}): Flavour => ({
    name,
    probe: () => ({ ok: true }),
    start: () => {},
    stop: () => {},
    ...over,
  })
  const sourceOf = (definition: Partial<SourceDefinition> & Pick<SourceDefinition, 'flavours'>) =>
    definePlugin(meta, { setup: (ctx) => ctx.source({ sensor: 'process', feeds: ['exec'], ...definition }) })({ name: 'source' })

  it('starts the best flavour that probes and starts, and remembers why the better ones cannot', async () => {
    await using pipeline = await TestPipeline.of([
      sourceOf({
        flavours: [
          flavour('lsm', { probe: () => ({ ok: false, reason: 'bpf is not in the active LSM list' }) }),
          flavour('tp_btf', {
            start: () => {
              throw new Error('refused by the verifier')
            },
          }),
          flavour('raw_tp', { probe: () => ({ ok: true, gaps: ['inode of scripts'] }) }),
          flavour('procfs'),
        ],
      }),
    ])
    await pipeline.start()
    expect(pipeline.runtime.sensors[0]?.report()).toMatchObject({
      running: 'raw_tp',
      flavours: [
        { name: 'lsm', state: 'unavailable', reason: 'bpf is not in the active LSM list' },
        { name: 'tp_btf', state: 'failed', reason: 'refused by the verifier' },
        { name: 'raw_tp', state: 'running', gaps: ['inode of scripts'] },
        { name: 'procfs', state: 'unused' },
      ],
    })
  })

  it('fails where a pinned flavour cannot run, and where none can', async () => {
    const broken = flavour('lsm', { probe: () => ({ ok: false, reason: 'no' }) })
    await using pinned = await TestPipeline.of([sourceOf({ pin: 'lsm', flavours: [broken, flavour('procfs')] })])
    await expect(pinned.start()).rejects.toMatchObject({ code: 'CWS_ERR_SOURCES_FAILED' })
    await using none = await TestPipeline.of([sourceOf({ flavours: [broken] })])
    await expect(none.start()).rejects.toMatchObject({
      code: 'CWS_ERR_SOURCES_FAILED',
      message: expect.stringContaining('process/lsm: no'),
    })
  })

  it('proves sensors through the whole pipeline, without a finding to show', async () => {
    let emit: (nonce: string) => void = () => {}
    const plugin = definePlugin(meta, {
      setup(ctx) {
        const feed = ctx.feed('exec')
        emit = (nonce) => feed.emit({ args: nonce })
        ctx.source({
          sensor: 'process',
          feeds: ['exec'],
          flavours: [flavour('fake')],
          selfTest: { on: 'exec', trigger: (nonce) => emit(nonce), recognise: (event, nonce) => event.get('exec.args') === nonce },
        })
      },
    })
    await using pipeline = await TestPipeline.of([plugin({ name: 'source' })])
    await pipeline.start()
    expect(pipeline.runtime.sensors[0]?.selfTest).toBe('alive')
    expect(pipeline.findings).toEqual([])
  })

  it('runs what can run when one plugin fails in setup, and says which', async () => {
    const bad = definePlugin(meta, {
      setup() {
        throw new Error('no such device')
      },
    })
    const good = definePlugin(meta, { setup: (ctx) => ctx.detect('exec', null, () => ({ rule: 'any', severity: 'info' })) })
    await using pipeline = await TestPipeline.of([bad({ name: 'bad' }), good({ name: 'good' })])
    pipeline.emit('exec', {})
    expect(pipeline.findings).toHaveLength(1)
    expect(pipeline.runtime.pluginReports()).toMatchObject([
      { name: 'bad', state: 'failed', detail: 'no such device' },
      { name: 'good', state: 'ok' },
    ])
  })

  it('stops last registered first, attributes what fails, and waits for nobody', async () => {
    const order: string[] = []
    const plugin = (name: string, stop?: () => void | Promise<void>) =>
      definePlugin(meta, {
        setup(ctx) {
          ctx.onStop(() => void order.push(`${name} 1`))
          ctx.onStop(async () => {
            order.push(`${name} 2`)
            await stop?.()
          })
        },
      })({ name })
    const pipeline = await TestPipeline.of([plugin('a'), plugin('b', () => Promise.reject(new Error('busy')))])
    await pipeline.stop()
    expect(order).toEqual(['b 2', 'b 1', 'a 2', 'a 1'])
    expect(pipeline.faults).toMatchObject([{ plugin: 'b', hook: 'stop', error: { message: 'busy' } }])
  })

  it('gives services by name, and says who misses one', async () => {
    const user = definePlugin(meta, {
      setup(ctx) {
        ctx.use('clock' as never)
      },
    })
    await using pipeline = await TestPipeline.of([user({ name: 'user' })])
    expect(pipeline.faults).toMatchObject([{ plugin: 'user', error: { code: 'CWS_ERR_SERVICE' } }])
  })
})
