/** Changes of files and their authors: both sensors in one pipeline, on the running kernel. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, type Event, UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'
import processExec from '@cws/plugin-process-exec'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nested } from '../support/vantage.ts'

type Change = Event<'change'>

let base: string
let folder: string
let events: Change[]
let pipeline: TestPipeline | undefined

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'cws-changes-'))
})
afterAll(() => rmSync(base, { recursive: true }))
afterEach(async () => {
  await pipeline?.stop()
  expect(pipeline?.faults).toEqual([])
  pipeline = undefined
})

const at = (...names: string[]) => join(folder, ...names)

/** Watches `paths` of a new folder, or all of it. */
async function watch(paths?: readonly string[], processes = true): Promise<void> {
  folder = mkdtempSync(join(base, 'watched-'))
  events = []
  const recorder = definePlugin(import.meta, {
    name: 'recorder',
    setup(ctx) {
      ctx.detect('change', null, (event) => void events.push(event.keep() as Change))
    },
  })
  const changes = fim({ paths: paths?.map((path) => at(path)) ?? [folder] })
  pipeline = await TestPipeline.of([...(processes ? [processExec()] : []), changes, recorder()])
  await pipeline.start()
}

const about = (kind: string, path: string) => events.filter((event) => event.change.kind === kind && event.change.file.path === path)

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline)
      throw new Error(
        `never happened: ${what}; seen: ${events.map((one) => `${String(one.change.kind)} ${String(one.change.file.path)}`).join(', ')}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

async function seen(kind: string, path: string): Promise<Change> {
  await until(`${kind} ${path}`, () => about(kind, path).length > 0)
  return about(kind, path)[0] as Change
}

describe('kinds of change', () => {
  test('created, modified, attributes, linked, deleted', async () => {
    await watch()
    writeFileSync(at('a'), 'one')
    const created = await seen('created', at('a'))
    expect(created.change.file.name).toBe('a')
    expect(created.change.file.inode).toBe(statSync(at('a'), { bigint: true }).ino)
    expect(created.process.pid).toBe(nested() ? UNKNOWN : process.pid)
    expect(created.event.origin).toBe('fanotify')
    events.length = 0
    appendFileSync(at('a'), 'two')
    expect((await seen('modified', at('a'))).change.file.size).toBe(6n)
    chmodSync(at('a'), 0o4711)
    expect((await seen('attributes', at('a'))).change.file.rights).toBe(0o4711)
    linkSync(at('a'), at('b.txt'))
    expect((await seen('linked', at('b.txt'))).change.file.extension).toBe('.txt')
    unlinkSync(at('a'))
    expect((await seen('deleted', at('a'))).change.file.inode).toBe(UNKNOWN)
    expect(about('created', at('a'))).toEqual([])
  })

  test('renamed has both names, and each where the other is elsewhere', async () => {
    await watch()
    const outside = mkdtempSync(join(base, 'outside-'))
    writeFileSync(at('a'), '')
    renameSync(at('a'), at('b'))
    expect((await seen('renamed', at('a'))).change.file.destination.path).toBe(at('b'))
    renameSync(at('b'), join(outside, 'c'))
    expect((await seen('renamed', at('b'))).change.file.destination.path).toBe(UNKNOWN)
    renameSync(join(outside, 'c'), at('d'))
    await until('it comes in', () => events.some((one) => one.change.file.destination.path === at('d')))
  })

  test('names are bytes', async () => {
    await watch()
    writeFileSync(at('new\nline'), '')
    await seen('created', at('new\nline'))
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]), '')
    await seen('created', at('a\\xff'))
  })
})

describe('what is watched', () => {
  test('folders that are made, filled at once, moved here, or deleted and made again', async () => {
    await watch(['tree'])
    // It is not there yet.
    execFileSync('/bin/sh', ['-c', 'mkdir -p "$0/tree/a/b/c" && echo x > "$0/tree/a/b/c/file"', folder])
    for (const path of ['a', 'a/b', 'a/b/c', 'a/b/c/file']) await seen('created', at('tree', path))
    const outside = mkdtempSync(join(base, 'outside-'))
    mkdirSync(join(outside, 'deep'))
    writeFileSync(join(outside, 'deep', 'brought'), '')
    renameSync(outside, at('tree', 'moved'))
    await seen('created', at('tree', 'moved', 'deep', 'brought'))
    writeFileSync(at('tree', 'moved', 'deep', 'later'), '')
    await seen('created', at('tree', 'moved', 'deep', 'later'))
    rmSync(at('tree'), { recursive: true })
    await seen('deleted', at('tree'))
    events.length = 0
    mkdirSync(at('tree'))
    await seen('created', at('tree'))
    writeFileSync(at('tree', 'again'), '')
    await seen('created', at('tree', 'again'))
    expect(about('created', at('tree')).length).toBe(1)
  })

  test('a file alone, through replacement and recreation, and not its neighbours', async () => {
    await watch(['one'])
    writeFileSync(at('other'), '')
    writeFileSync(at('one'), '')
    await seen('created', at('one'))
    writeFileSync(at('tmp'), 'new')
    renameSync(at('tmp'), at('one'))
    await until('the replacement', () =>
      events.some((one) => one.change.kind === 'renamed' && one.change.file.destination.path === at('one')),
    )
    appendFileSync(at('one'), 'x')
    await seen('modified', at('one'))
    unlinkSync(at('one'))
    await seen('deleted', at('one'))
    expect(events.filter((one) => one.change.file.path === at('other'))).toEqual([])
  })

  test('nothing behind a symbolic link', async () => {
    await watch()
    const outside = mkdtempSync(join(base, 'outside-'))
    symlinkSync(outside, at('link'))
    await seen('created', at('link'))
    writeFileSync(join(outside, 'x'), '')
    writeFileSync(at('end'), '')
    await seen('created', at('end'))
    expect(events.some((one) => String(one.change.file.path).endsWith('/x'))).toBe(false)
  })
})

test('two that watch in one drain get their own, and one goes on when the other ends', async () => {
  folder = mkdtempSync(join(base, 'watched-'))
  mkdirSync(at('one'))
  events = []
  const recorder = definePlugin(import.meta, {
    name: 'recorder',
    setup(ctx) {
      ctx.detect('change', null, (event) => void events.push(event.keep() as Change))
    },
  })
  const first = fim({ name: 'first', paths: [at('one')] })
  const second = fim({ name: 'second', paths: [folder] })
  pipeline = await TestPipeline.of([processExec(), first, second, recorder()])
  await pipeline.start()
  writeFileSync(at('one', 'a'), '')
  await until('both', () => about('created', at('one', 'a')).length === 2)
  await pipeline.runtime.sensors.find((one) => one.plugin === 'second')?.stop()
  writeFileSync(at('one', 'b'), '')
  writeFileSync(at('one', 'c'), '')
  await seen('created', at('one', 'c'))
  expect([about('created', at('one', 'a')).length, about('created', at('one', 'b')).length]).toEqual([2, 1])
})

test('nothing is watched while nobody looks at changes', async () => {
  folder = mkdtempSync(join(base, 'watched-'))
  pipeline = await TestPipeline.of([fim({ paths: [folder] })])
  await pipeline.start()
  writeFileSync(at('a'), '')
  const files = pipeline.runtime.sensors[0]
  expect(files?.running).toBe('fanotify')
  await pipeline.stop()
  expect(files?.counts()['change']).toEqual({ seen: 0, filtered: 0, lost: 0 })
})

describe('authors', () => {
  test.skipIf(nested())('a writer that lives a few milliseconds is known, and its shell', async () => {
    await watch()
    for (let i = 0; i < 200; i++) execFileSync('/usr/bin/touch', [at(`t${i}`)])
    await seen('created', at('t199'))
    for (let i = 0; i < 200; i++) {
      const { process } = about('created', at(`t${i}`))[0] as Change
      expect(process.certainty).not.toBe('unknown')
      if (process.certainty === 'exact') expect([i, process.file.name, process.args]).toEqual([i, 'touch', at(`t${i}`)])
    }
    const exact = events.filter((one) => one.process.certainty === 'exact').length
    expect(exact).toBeGreaterThan(events.length / 2)
  })

  test('a write is never blamed on what the writer became', async () => {
    await watch()
    for (let i = 0; i < 200; i++) execFileSync('/bin/sh', ['-c', `echo x > ${at(`w${i}`)}; exec /bin/true`])
    await seen('created', at('w199'))
    for (const event of events) expect([event.process.file.name, event.process.certainty]).not.toEqual(['true', 'exact'])
    for (let i = 0; i < 200; i++) expect((about('created', at(`w${i}`))[0] as Change).process.file.name).not.toBe('true')
  })

  test('without a process sensor the number alone is known', async () => {
    await watch(undefined, false)
    writeFileSync(at('a'), '')
    const { process: author } = await seen('created', at('a'))
    expect([author.pid, author.certainty]).toEqual([nested() ? UNKNOWN : process.pid, UNKNOWN])
  })
})

test('thousands of quick changes come without loss', async () => {
  await watch()
  const rounds = 2000
  const script = `for (let i = 0; i < ${rounds}; i++) { const f = '${folder}/f' + i; fs.writeFileSync(f, 'x'); fs.renameSync(f, f + '.r'); fs.chmodSync(f + '.r', 0o600); fs.unlinkSync(f + '.r') }`
  execFileSync(process.execPath, ['-e', script], { env: { ...process.env, NODE_OPTIONS: '' } })
  const names = (kind: string) => new Set(events.filter((one) => one.change.kind === kind).map((one) => one.change.file.path)).size
  await until('the last', () => names('deleted') === rounds)
  expect(['created', 'renamed', 'attributes'].map(names)).toEqual([rounds, rounds, rounds])
  expect(pipeline?.runtime.sensors.find((one) => one.definition.sensor === 'files')?.counts()['change']?.lost).toBe(0)
})
