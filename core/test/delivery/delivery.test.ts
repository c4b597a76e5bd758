import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it, vi } from 'vitest'
import { withGeneration } from '../../src/config/generation.ts'
import { ask } from '../../src/delivery/control/control-client.ts'
import { startDelivery } from '../../src/delivery/delivery.ts'
import type { DeliveryCounters } from '../../src/delivery/protocol.ts'
import { usualManner } from '../../src/plugin/manner.ts'
import { bodyOf, signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { careless, file, hanging, late, strict } from '../fixtures/notifiers.ts'

// Each test starts processes of its own; on a loaded machine that takes its time.
vi.setConfig({ testTimeout: 60_000 })

/** The whole lines of a file that may be being written. */
const read = (path: string): { key: string; body: string }[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : []

it('stores a signal, shows it, delivers it, and drains when it stops', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  await using process = new DeliveryProcess(
    optionsIn(folder.path, { destinations: [file({ path: out }), strict({ nested: { list: [1] } })].map(destination) }),
  )
  await process.hears('started')
  const signal = signalOf()
  process.tell({ ready: true })
  process.tell({ signal })
  process.tell({ events: '{"kind":"event","n":1}\n{"kind":"event","n":2}', count: 2 })
  await until(() => process.lines.length === 4, 'four lines')
  expect(process.lines).toEqual([
    { kind: 'status', state: 'ready', pid: process.child.pid },
    { kind: 'signal', ...signal },
    { kind: 'event', n: 1 },
    { kind: 'event', n: 2 },
  ])
  await until(() => read(out).length === 1, 'the delivery')
  expect(read(out)).toEqual([{ key: `${signal.id}:1:file`, body: bodyOf(signal), attempt: 1 }])
  expect(process.stdout.split('\n')[1]).toBe(bodyOf(signal))
  process.tell({ signal: { ...signal, revision: 2, count: 9 } })
  process.tell({ counters: true })
  expect(await process.hears<DeliveryCounters>('counters')).toMatchObject({
    signals: 2,
    stored: 2,
    eventsDropped: 0,
    destinations: { file: { state: 'ok', pending: 1 }, strict: { state: 'ok' } },
  })
  process.tell({ stop: 5_000 })
  expect(await process.hears('stopped')).toEqual({ pending: 0 })
  expect(await process.exited).toBe(0)
  expect(process.lines.at(-1)).toMatchObject({ revision: 2, count: 9 })
  expect(read(out).at(-1)?.key).toBe(`${signal.id}:2:file`)
})

it('keeps what it could not deliver for the next start, and the state of plugins', async () => {
  using folder = temporaryFolder()
  const [out, down] = [join(folder.path, 'out'), join(folder.path, 'down')]
  writeFileSync(down, '')
  const options = optionsIn(folder.path, { destinations: [destination(file({ path: out, down }))] })
  const signal = signalOf()
  {
    await using process = new DeliveryProcess(options)
    expect(await process.hears('started')).toEqual({})
    process.tell({ signal })
    process.tell({ state: ['fim', 'baseline', '"x"'] })
    process.tell({ stop: 2_000 })
    expect(await process.hears('stopped')).toEqual({ pending: 1 })
  }
  unlinkSync(down)
  await using process = new DeliveryProcess(options)
  expect(await process.hears('started')).toEqual({ fim: { baseline: '"x"' } })
  await until(() => read(out).length === 1, 'the delivery')
  expect(read(out)).toMatchObject([{ key: `${signal.id}:1:file`, body: bodyOf(signal) }])
})

it('lets no notifier harm another: one that cannot be set up is tried again, one that hangs holds its own queue', async () => {
  using folder = temporaryFolder()
  const [out, there] = [join(folder.path, 'out'), join(folder.path, 'there')]
  const token = { literal: 'hunter22-hunter22' }
  await using process = new DeliveryProcess(
    optionsIn(folder.path, { destinations: [late({ path: there, token }), hanging(), file({ path: out })].map(destination) }),
  )
  await process.hears('started')
  for (let i = 0; i < 20; i++) process.tell({ signal: signalOf() })
  await until(() => read(out).length === 20, 'twenty deliveries')
  process.tell({ counters: true })
  expect((await process.hears<DeliveryCounters>('counters')).destinations).toMatchObject({
    late: { state: 'broken', pending: 20, lastError: 'no file, and the token is [secret]' },
    hanging: { pending: 20 },
    file: { state: 'ok', delivered: 20, pending: 0 },
  })
  writeFileSync(there, '')
  await until(async () => {
    process.tell({ counters: true })
    return (await process.hears<DeliveryCounters>('counters')).destinations['late']?.failed === 20
  }, 'the late notifier')
  const outbox = (await ask(join(folder.path, 'run'), 'outbox')) as {
    dead: { reason: string }[]
    destinations: { name: string; entries: unknown[] }[]
  }
  expect(outbox.dead).toHaveLength(20)
  expect(outbox.dead[0]?.reason).toBe('refused [secret]\\u{1b}[2J')
  // And a notice of what was refused.
  expect(outbox.destinations.find(({ name }) => name === 'hanging')?.entries).toHaveLength(21)
  // Neither a log line, nor a file, nor an answer ever held the secret.
  expect(JSON.stringify([process.said, outbox])).not.toContain('hunter22')
  for (const name of ['signals.db', 'signals.db-wal', 'state.db'])
    expect(readFileSync(join(folder.path, 'state', name)).includes('hunter22')).toBe(false)
})

it('says clearly when a module gives no such notifier in the thread, and runs the others', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  const good = destination(file({ path: out }))
  await using process = new DeliveryProcess(
    optionsIn(folder.path, {
      destinations: [
        good,
        { ...good, name: 'gone', site: { ...good.site, ordinal: 99 } },
        { ...good, name: 'absent', site: { module: 'file:///nowhere.js', ordinal: 0 } },
      ],
    }),
  )
  await process.hears('started')
  process.tell({ signal: signalOf() })
  await until(() => read(out).length === 1, 'the delivery')
  await until(() => process.logs.length >= 2, 'two errors')
  expect(process.logs.join('\n')).toMatch(/error gone: .*another list of notifiers in the delivery thread: there is none at place 100/)
  expect(process.logs.join('\n')).toMatch(/error absent: .*nowhere\.js/)
})

it('outlives errors that a notifier leaves behind', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  await using process = new DeliveryProcess(
    optionsIn(folder.path, {
      destinations: [careless(), file({ path: out })].map(destination),
      notifications: [{ name: 'All', to: ['careless', 'file'] }],
    }),
  )
  await process.hears('started')
  for (let i = 0; i < 3; i++) process.tell({ signal: signalOf() })
  await until(() => process.logs.filter((line) => line.includes('on its own: ')).length === 6, 'six errors')
  process.tell({ signal: signalOf() })
  await until(() => read(out).length === 4, 'the last delivery')
})

it('finds a notifier that stands in a configuration, in a folder that says CommonJS', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  writeFileSync(join(folder.path, 'package.json'), '{"name":"mine","type":"commonjs"}')
  writeFileSync(
    join(folder.path, 'cws.config.ts'),
    `import { appendFileSync } from 'node:fs'
     import { defineNotifier } from '@cws/core'
     export const mine = defineNotifier(import.meta, {
       setup: () => ({
         deliver: async ({ key, body }: { key: string; body: string }) => {
           appendFileSync(${JSON.stringify(out)}, JSON.stringify({ key, body }) + '\\n')
           return { result: 'delivered' as const }
         },
       }),
     })`,
  )
  const module = withGeneration(pathToFileURL(join(folder.path, 'cws.config.ts')).href, '1')
  const installation = fileURLToPath(new URL('../../..', import.meta.url))
  await using process = new DeliveryProcess(
    optionsIn(folder.path, {
      destinations: [{ name: 'mine', site: { module, ordinal: 0 }, options: {}, manner: usualManner }],
      modules: { installations: [installation], trust: false },
    }),
  )
  await process.hears('started')
  const signal = signalOf()
  process.tell({ signal })
  await until(() => read(out).length === 1, `the delivery; ${JSON.stringify(process.said)}`)
  expect(read(out)[0]).toEqual({ key: `${signal.id}:1:mine`, body: bodyOf(signal) })
})

it('sends by rules', async () => {
  using folder = temporaryFolder()
  const [page, archive] = [join(folder.path, 'page'), join(folder.path, 'archive')]
  await using process = new DeliveryProcess(
    optionsIn(folder.path, {
      destinations: [file({ name: 'page', path: page }), file({ name: 'archive', path: archive })].map(destination),
      notifications: [
        { name: 'Page', when: 'severity == critical && process.file.name == "bash"', to: 'page' },
        { name: 'Archive', to: 'archive' },
      ],
    }),
  )
  await process.hears('started')
  const critical = signalOf({ severity: 'critical' })
  process.tell({ signal: signalOf() })
  process.tell({ signal: critical })
  await until(() => read(archive).length === 2 && read(page).length === 1, 'the deliveries')
  expect(read(page)[0]?.key).toBe(`${critical.id}:1:page`)
})

it('refuses what cannot work before anything starts', async () => {
  using folder = temporaryFolder()
  const handlers = { onLog: () => {}, onRequest: () => null, onLeftOut: () => {}, onExit: () => {} }
  const good = destination(file({ path: 'x' }))
  await expect(startDelivery(optionsIn(folder.path, { notifications: [{ name: 'x', to: 'nobody' }] }), handlers)).rejects.toMatchObject({
    code: 'CWS_ERR_DESTINATION_UNKNOWN',
  })
  await expect(
    startDelivery(optionsIn(folder.path, { destinations: [{ ...good, options: { callback: () => {} } }] }), handlers),
  ).rejects.toMatchObject({ code: 'CWS_ERR_OPTION_NOT_CLONEABLE' })
  expect(existsSync(join(folder.path, 'state'))).toBe(false)
})

it('keeps a second agent out of the state folder', async () => {
  using folder = temporaryFolder()
  await using first = new DeliveryProcess(optionsIn(folder.path))
  await first.hears('started')
  await using second = new DeliveryProcess(optionsIn(folder.path, { runDir: join(folder.path, 'other') }))
  expect(await second.hears('failed')).toMatchObject({ code: 'CWS_ERR_STATE_LOCKED' })
  await using third = new DeliveryProcess(optionsIn(folder.path, { stateDir: join(folder.path, 'other-state') }))
  expect(await third.hears('failed')).toMatchObject({ code: 'CWS_ERR_STATE_DIR' })
  expect(await ask(join(folder.path, 'run'), 'status')).toEqual({ what: 'status', args: {} })
})

it('answers on the control socket, and asks the engine for the rest', async () => {
  using folder = temporaryFolder()
  await using process = new DeliveryProcess(optionsIn(folder.path))
  await process.hears('started')
  const signal = signalOf()
  process.tell({ signal })
  await until(() => process.lines.length === 1, 'the line')
  const run = join(folder.path, 'run')
  expect(await ask(run, 'signals.list', { severity: 'medium' })).toEqual([signal])
  expect(await ask(run, 'signals.list', { severity: 'critical' })).toEqual([])
  expect(await ask(run, 'signals.show', { id: signal.id })).toEqual(signal)
  expect(await ask(run, 'status', { a: 1 })).toEqual({ what: 'status', args: { a: 1 } })
  await expect(ask(run, 'fail')).rejects.toThrow('the engine refuses')
  await expect(ask(run, 'signals.show', { id: 'x' })).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
  await expect(ask(run, 'signals.list', { limit: 1e9 })).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
})

it('what administrators change while it runs holds after a kill; who loses by it hears of it once', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  const run = join(folder.path, 'run')
  const options = optionsIn(folder.path, {
    destinations: [destination(file({ path: out }))],
    notifications: [{ name: 'All', to: 'file' }],
  })
  {
    await using process = new DeliveryProcess(options)
    await process.hears('started')
    await until(() => ask(run, 'notify.test', { destination: 'file', by: 'ada' }).then(Boolean, () => false), 'the notifier')
    await ask(run, 'notify.change', { rule: 'All', set: { when: 'severity >= high' }, by: 'ada' })
    await until(() => read(out).length === 2, 'the notice')
    expect(JSON.parse(read(out)[1]?.body ?? '{}')).toMatchObject({
      severity: 'medium',
      title: 'The notification rule "All" was changed',
      message: expect.stringMatching(
        /ada: the notification rule "All" holds for `severity >= high` now, and held for all signals before\.$/,
      ),
    })
    await process.kill()
  }
  await using process = new DeliveryProcess(options)
  await process.hears('started')
  for (const severity of ['medium', 'high'] as const) process.tell({ signal: signalOf({ severity }) })
  await until(() => read(out).length === 3, 'what is told')
  expect(JSON.parse(read(out)[2]?.body ?? '{}')).toMatchObject({ severity: 'high', rule: { id: 'shell-from-web-server' } })
  expect(await ask(run, 'notify.change', { rule: 'All', reset: true, by: 'ada' })).toMatchObject({ rule: { origin: 'config' } })
  await process.kill()
  expect(read(out)).toHaveLength(3)
})

it.each(['json', 'human'] as const)('rehearses without a trace, to be read as %s', async (format) => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  const options = optionsIn(folder.path, {
    format,
    destinations: [destination(file({ path: out }))],
    notifications: [{ name: 'All', when: 'process.file.name == "bash"', to: 'file' }],
  })
  const [played, real] = [signalOf({ severity: 'critical' }), signalOf()]
  {
    await using process = new DeliveryProcess(options)
    await process.hears('started')
    for (let i = 0; i < 10; i++) process.tell({ rehearsal: played })
    process.tell({ counters: true })
    expect(await process.hears<DeliveryCounters>('counters')).toMatchObject({
      signals: 0,
      stored: 0,
      signalsRemoved: 0,
      outputBytes: 0,
      destinations: { file: { delivered: 0, pending: 0 } },
    })
    const run = join(folder.path, 'run')
    expect(await ask(run, 'signals.list')).toEqual([])
    await expect(ask(run, 'signals.show', { id: played.id })).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
    expect(await ask(run, 'outbox')).toMatchObject({ destinations: [{ name: 'file', entries: [] }], dead: [] })
    process.tell({ signal: real })
    await until(() => read(out).length === 1, 'the delivery of the real one')
    expect(await ask(run, 'signals.list')).toEqual([real])
    process.tell({ stop: 5_000 })
    expect(await process.exited).toBe(0)
    expect(process.stdout).toContain(real.message)
    if (format === 'json') expect(process.lines).toEqual([{ kind: 'signal', ...real }])
    expect(process.stdout).not.toContain(played.id)
    expect(process.logs.join('\n')).not.toMatch(/error|warn/)
  }
  expect(read(out)).toEqual([{ key: `${real.id}:1:file`, body: bodyOf(real), attempt: 1 }])
  const database = new DatabaseSync(join(folder.path, 'state', 'signals.db'), { readOnly: true })
  expect(database.prepare('SELECT id FROM signals').all()).toEqual([{ id: real.id }])
  database.close()
})

it('goes on when nobody reads its output, and when nobody will again', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations: [destination(file({ path: out }))] }))
  await process.hears('started')
  process.child.stdout?.pause()
  for (let i = 0; i < 300; i++) process.tell({ signal: signalOf({ message: 'x'.repeat(2_000) }) })
  await until(() => read(out).length === 300, 'all deliveries')
  process.child.stdout?.resume()
  await until(() => process.lines.length === 300, 'all lines')
  process.child.stdout?.destroy()
  for (let i = 0; i < 50; i++) process.tell({ signal: signalOf() })
  await until(() => read(out).length === 350, 'all deliveries')
  await until(() => process.logs.some((line) => /stdout is closed \(EPIPE\)/.test(line)), 'the log line')
  process.tell({ stop: 2_000 })
  expect(await process.exited).toBe(0)
  const database = new DatabaseSync(join(folder.path, 'state', 'signals.db'), { readOnly: true })
  expect(database.prepare('SELECT count(*) AS n FROM signals').get()).toEqual({ n: 350 })
  database.close()
})
