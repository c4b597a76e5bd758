import { definePlugin, type EventType } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/index.ts'
import { fired, loadText, Sandbox, states, statusOf } from './sandbox.ts'

const policy = (expression: string, more = '') => `rules:\n  - {id: r, expression: '${expression}'${more}}\n`
const FLAGS = { write: 65, read: 0 }

/** A pipeline in which these types are fed. */
async function running(feeds: readonly string[], text: string, tune = {}): Promise<TestPipeline> {
  using sandbox = new Sandbox({ 'a.policy': text })
  const source = definePlugin(import.meta, {
    setup(ctx) {
      const flavour = { name: 'test', probe: () => ({ ok: true }) as const, start: () => {}, stop: () => {} }
      ctx.source({ sensor: 'test', feeds: feeds as EventType[], flavours: [flavour] })
    },
  })
  const pipeline = await TestPipeline.of([source({ name: 'source' }), rules({ packs: ['./a.policy'], tune })], { folder: sandbox.folder })
  await pipeline.start()
  return pipeline
}

const syscalls = ['open', 'chmod', 'chown', 'utimes', 'rename', 'link', 'unlink']
const x = 'fim.write.file.path == "/etc/x"'

describe('fim.write', () => {
  it('matches system calls where they are fed, and then no change (180–182)', async () => {
    await using pipeline = await running([...syscalls, 'change'], policy(x))
    pipeline.emit('open', { 'open.file.path': '/etc/x', 'open.flags': FLAGS.read })
    pipeline.emit('open', { 'open.file.path': '/etc/y', 'open.flags': FLAGS.write })
    pipeline.emit('chmod', { 'chmod.file.path': '/etc/x', 'chmod.file.mode': 0o644, 'chmod.file.destination.mode': 0o644 })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'modified' })
    expect(fired(pipeline)).toEqual([])
    pipeline.emit('open', { 'open.file.path': '/etc/x', 'open.flags': FLAGS.write })
    pipeline.emit('chmod', { 'chmod.file.path': '/etc/x', 'chmod.file.mode': 0o644, 'chmod.file.destination.mode': 0o600 })
    pipeline.emit('rename', { 'rename.file.path': '/etc/y', 'rename.file.destination.path': '/etc/x' })
    pipeline.emit('unlink', { 'unlink.file.path': '/etc/x' })
    pipeline.emit('link', { 'link.file.path': '/etc/x' })
    pipeline.emit('utimes', { 'utimes.file.path': '/etc/x' })
    expect(fired(pipeline)).toEqual(['r', 'r', 'r', 'r', 'r', 'r'])
    expect(pipeline.faults).toEqual([])
  })

  it('matches changes where no system calls are fed', async () => {
    await using pipeline = await running(['change'], policy(x))
    for (const kind of ['created', 'modified', 'attributes', 'linked', 'deleted'])
      pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': kind })
    pipeline.emit('change', { 'change.file.path': '/etc/y', 'change.file.destination.path': '/etc/x', 'change.kind': 'renamed' })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.file.destination.path': '/etc/y', 'change.kind': 'renamed' })
    expect(fired(pipeline)).toHaveLength(7)
    pipeline.emit('change', { 'change.file.path': '/etc/y', 'change.kind': 'modified' })
    pipeline.emit('open', { 'open.file.path': '/etc/x', 'open.flags': FLAGS.write })
    expect(fired(pipeline)).toHaveLength(7)
  })

  it('matches each kind of write by what is fed of it: attributes by all their system calls or by the change', async () => {
    await using pipeline = await running(['change', 'chmod', 'unlink'], policy(x))
    pipeline.emit('chmod', { 'chmod.file.path': '/etc/x', 'chmod.file.mode': 1, 'chmod.file.destination.mode': 2 })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'deleted' })
    expect(fired(pipeline)).toEqual([])
    pipeline.emit('unlink', { 'unlink.file.path': '/etc/x' })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'attributes' })
    expect(fired(pipeline)).toEqual(['r', 'r'])
  })

  it('matches the change where opens are fed without how they were opened, as fanotify does', async () => {
    await using pipeline = await running([...syscalls, 'change'], policy(x))
    pipeline.emit('open', { 'open.file.path': '/etc/x' })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'modified' })
    expect(fired(pipeline)).toEqual(['r'])
    pipeline.emit('open', { 'open.file.path': '/etc/x', 'open.flags': FLAGS.write })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'modified' })
    expect(fired(pipeline)).toEqual(['r', 'r'])
  })

  it('reports under the id of the rule, in words of the event, and is tuned as one', async () => {
    const text = policy(x, ', message: "{{@fim.write.file.path}} was written", group_by: [fim.write.file.path]')
    await using pipeline = await running(['change'], text, { r: { unless: 'fim.write.file.name == "n"', severity: 'high' } })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.file.name': 'n', 'change.kind': 'modified' })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.file.name': 'x', 'change.kind': 'modified' })
    expect(pipeline.findings).toMatchObject([
      { rule: 'r', severity: 'high', message: '{{@change.file.path}} was written', groupBy: ['change.file.path'] },
    ])
    expect(pipeline.signals).toMatchObject([{ message: '/etc/x was written' }])
  })

  it('sets variables too', async () => {
    await using pipeline = await running(
      ['change', 'exec'],
      `rules:
  - {id: w, silent: true, expression: '${x}', actions: [{set: {name: written, value: true}}]}
  - {id: e, expression: 'exec.comm == "a" && \${written}'}
`,
    )
    pipeline.emit('exec', { 'exec.comm': 'a' })
    pipeline.emit('change', { 'change.file.path': '/etc/x', 'change.kind': 'modified' })
    pipeline.emit('exec', { 'exec.comm': 'a' })
    expect(fired(pipeline)).toEqual(['e'])
  })

  it('is one rule of the report, on all its events', async () => {
    const loaded = await loadText(policy(x))
    expect(loaded.report.rules).toHaveLength(1)
    expect(statusOf(loaded, 'r').on.toSorted()).toEqual([...syscalls, 'change'].toSorted())
    expect(states(await loadText(policy('fim.write.file.nope == "a"')))).toEqual({ r: 'rejected' })
    expect(states(await loadText(policy(`${x} && open.flags > 0`)))).toEqual({ r: 'rejected' })
    expect(statusOf(await loadText(policy('"fim.write.file.path" == "a" && exec.comm == "a"')), 'r').on).toEqual(['exec'])
  })
})
