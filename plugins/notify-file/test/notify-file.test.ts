import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forms, keyIn, type Letter } from '@cws/core'
import { hostileLetter, hostileValues, PluginTester, TestNotifier } from '@cws/core/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import file from '../src/index.ts'
import { LineFile } from '../src/line-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-file-'))
  path = join(folder, 'signals.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

new PluginTester({ describe, it }).run(file, {
  valid: [{ path: join(mkdtempSync(join(tmpdir(), 'cws-file-sample-')), 'sample.jsonl') }],
  invalid: [
    {},
    { path: 'relative.jsonl' },
    { path: '/var/log/../x' },
    { path: '/var/log/' },
    { path: '/x\0y' },
    { path: 7 },
    { path: '/x', format: 'xml' },
    { path: '/x', maxSize: 10 },
    { path: '/x', keep: -1 },
  ],
})

type Line = { readonly key: string; readonly id: string; readonly revision: number }
const linesOf = (name: string): Line[] =>
  readFileSync(name, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
const lines = (): Line[] => linesOf(path)
const keyed = (id: string, filling = ''): string => `{"key":"${id}:1:file","id":"${id}","filling":"${filling}"}`

describe('notify-file', () => {
  it('appends each revision as a line of its own, with its key, that nobody else can read', async () => {
    await using it = await TestNotifier.of(file({ path }))
    expect(it.manner.mode).toBe('every')
    const first = await it.deliver({ id: 'A', title: 'a\nb\u007f\u009b31m\u202e\u2028' })
    await it.deliver({ id: 'A', revision: 2 })
    expect(first.outcome).toEqual({ result: 'delivered' })
    expect(lines()).toMatchObject([
      { key: 'A:1:file', kind: 'signal', id: 'A', revision: 1, title: 'a\nb\u007f\u009b31m\u202e\u2028' },
      { key: 'A:2:file', id: 'A', revision: 2 },
    ])
    // Nothing that a terminal or an editor would act on.
    expect(readFileSync(path, 'utf8')).toMatch(/^[\x20-\x7e\n]*$/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it.each(forms)('in the form %s whatever somebody called things is a line, and the line says it unaltered [case 45]', async (format) => {
    await using it = await TestNotifier.of(file({ path, format }))
    const letters = hostileValues.map((text, i): Letter => {
      const { signal, ...letter } = hostileLetter(text)
      return { ...letter, key: `S${i}:1:file`, signal: { ...signal, id: `S${i}` } }
    })
    const told = await Promise.all(letters.map((letter) => it.deliver(letter.signal, { letter })))
    expect(new Set(told.map(({ outcome }) => outcome.result))).toEqual(new Set(['delivered']))
    const written = readFileSync(path, 'utf8').split('\n')
    expect(written.pop()).toBe('')
    expect(written).toHaveLength(hostileValues.length)
    for (const [i, line] of written.entries()) {
      // No control, no character that nobody sees, no half of one.
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      const key = `S${i}:1:file`
      const body = JSON.parse(told[i]?.notification.body ?? '') as object
      expect(JSON.parse(line)).toEqual(format === 'native' ? { key, ...body } : body)
      if (format === 'native') expect(JSON.parse(line)).toEqual({ key, kind: 'signal', ...letters[i]?.signal })
      else expect(keyIn(line)).toBe(key)
    }
  })

  it('writes a redelivery once, also of what people judged at the same revision, after a restart and a rotation', async () => {
    const again = { letter: { key: 'A:1:file:2' } }
    {
      await using it = await TestNotifier.of(file({ path }))
      await Promise.all([it.deliver({ id: 'A' }), it.deliver({ id: 'A' }, { attempt: 2 })])
      await it.deliver({ id: 'A', status: 'archived' }, again)
    }
    renameSync(path, `${path}.1`)
    await using it = await TestNotifier.of(file({ path }))
    expect((await it.deliver({ id: 'A' }, { attempt: 3 })).outcome).toEqual({ result: 'delivered', detail: 'it was there already' })
    await it.deliver({ id: 'A', status: 'archived' }, { ...again, attempt: 2 })
    await it.deliver({ id: 'B' })
    expect(linesOf(`${path}.1`).map(({ key }) => key)).toEqual(['A:1:file', 'A:1:file:2'])
    expect(lines().map(({ key }) => key)).toEqual(['B:1:file'])
  })

  it('writes what comes the moment that the line before is written', async () => {
    await using it = await TestNotifier.of(file({ path }))
    const { notification } = await it.deliver({ id: 'A' })
    const { signal } = new AbortController()
    for (const id of ['B', 'C', 'D'])
      expect(await it.notifier.deliver({ ...notification, key: `${id}:1:file` }, signal)).toEqual({ result: 'delivered' })
    expect(lines().map(({ key }) => key)).toEqual(['A:1:file', 'B:1:file', 'C:1:file', 'D:1:file'])
  })

  it('cuts off the line that a crash tore, wherever, and every line parses afterwards [case 54]', async () => {
    const whole = `${keyed('A', 'ä'.repeat(40))}\n${keyed('B', '\\u009b')}\n`
    await fc.assert(
      fc.asyncProperty(fc.nat(Buffer.byteLength(whole)), async (length) => {
        writeFileSync(path, Buffer.from(whole).subarray(0, length), { mode: 0o600 })
        await using it = await TestNotifier.of(file({ path }))
        // What was torn was not confirmed, and comes again; what was whole may.
        for (const id of ['A', 'B', 'C']) await it.deliver({ id })
        expect(lines().map(({ id }) => id)).toEqual(['A', 'B', 'C'])
      }),
      { numRuns: 60 },
    )
  })

  it('renames the file when it is full, keeps so many, and loses none of the lines between [case 54]', async () => {
    await using it = await TestNotifier.of(file({ path, maxSize: 64 * 1024, keep: 3 }))
    const message = 'x'.repeat(20_000)
    for (let i = 0; i < 20; i++) expect((await it.deliver({ id: `S${i}`, message })).outcome).toEqual({ result: 'delivered' })
    expect(readdirSync(folder).toSorted()).toEqual(['signals.jsonl', 'signals.jsonl.1', 'signals.jsonl.2', 'signals.jsonl.3'])
    const kept = [3, 2, 1].flatMap((number) => linesOf(`${path}.${number}`)).concat(lines())
    expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: kept.length }, (_, i) => `S${i + 20 - kept.length}`))
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(64 * 1024)
  })

  it('fills the gap that a rotation left which was ended in between', async () => {
    const lineFile = new LineFile({ path, maxSize: 64 * 1024, keep: 4 })
    writeFileSync(`${path}.2`, `${keyed('OLD')}\n`, { mode: 0o600 })
    writeFileSync(path, `${keyed('A', 'x'.repeat(64 * 1024))}\n`, { mode: 0o600 })
    await lineFile.append([keyed('B')])
    expect(linesOf(`${path}.2`).map(({ id }) => id)).toEqual(['OLD'])
    expect(linesOf(`${path}.1`).map(({ id }) => id)).toEqual(['A'])
    expect(lines().map(({ id }) => id)).toEqual(['B'])
  })

  it('goes on in the file that is there when others have renamed it or cut it to nothing', async () => {
    await using it = await TestNotifier.of(file({ path }))
    await it.deliver({ id: 'A' })
    renameSync(path, join(folder, 'moved'))
    await it.deliver({ id: 'B' })
    writeFileSync(path, '')
    await it.deliver({ id: 'C' })
    expect(linesOf(join(folder, 'moved')).map(({ id }) => id)).toEqual(['A'])
    expect(lines().map(({ id }) => id)).toEqual(['C'])
  })

  it('refuses a link, a second name, a file that others write to, a folder, and a file that holds something else', async () => {
    const target = join(folder, 'target')
    writeFileSync(target, 'precious', { mode: 0o600 })
    symlinkSync(target, path)
    await expect(TestNotifier.of(file({ path }))).rejects.toMatchObject({ code: 'ELOOP' })
    const second = join(folder, 'second')
    linkSync(target, second)
    await expect(TestNotifier.of(file({ path: second }))).rejects.toThrow('single name')
    rmSync(second)
    await expect(TestNotifier.of(file({ path: target }))).rejects.toThrow('something else')
    chmodSync(target, 0o622)
    await expect(TestNotifier.of(file({ path: target }))).rejects.toThrow('others cannot write')
    mkdirSync(join(folder, 'folder'))
    await expect(TestNotifier.of(file({ path: join(folder, 'folder') }))).rejects.toMatchObject({ code: 'EISDIR' })
    expect(readFileSync(target, 'utf8')).toBe('precious')
  })

  it.runIf(process.geteuid?.() === 0)('refuses a folder that others write to', async () => {
    const shared = join(folder, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o777)
    await expect(TestNotifier.of(file({ path: join(shared, 'x.jsonl') }))).rejects.toMatchObject({
      code: 'CWS_ERR_CONFIG_TRUST',
      message: expect.stringContaining('could put another file in its place'),
    })
  })

  it('is broken while the file cannot be written, and goes on when it can', async () => {
    await using it = await TestNotifier.of(file({ path }))
    await it.deliver({ id: 'A' })
    renameSync(path, join(folder, 'kept'))
    symlinkSync('/etc/passwd', path)
    expect((await it.deliver({ id: 'B' })).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('ELOOP') })
    rmSync(path)
    expect((await it.deliver({ id: 'B' })).outcome).toEqual({ result: 'delivered' })
    expect(lines().map(({ id }) => id)).toEqual(['B'])
  })

  it.each(forms.filter((form) => form !== 'native'))(
    'in the form %s each line is its body alone, written once, whole after any crash',
    async (format) => {
      {
        await using it = await TestNotifier.of(file({ path, format }))
        expect(it.manner.mode).toBe('every')
        const { notification } = await it.deliver({ id: 'A', title: 'a\nb\u009b\u2028' })
        await it.deliver({ id: 'B' })
        const [first] = readFileSync(path, 'utf8').split('\n')
        expect(first).toBe(notification.body)
        expect(first).toMatch(/^[\x20-\x7e]*$/)
      }
      const whole = readFileSync(path)
      const keys = (): (string | undefined)[] => readFileSync(path, 'utf8').split('\n').slice(0, -1).map(keyIn)
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length), async (length) => {
          writeFileSync(path, whole.subarray(0, length), { mode: 0o600 })
          await using it = await TestNotifier.of(file({ path, format }))
          for (const id of ['A', 'B', 'C']) await it.deliver({ id })
          expect(keys()).toEqual(['A:1:file', 'B:1:file', 'C:1:file'])
        }),
        { numRuns: 40 },
      )
    },
  )

  it('goes on in a file of another form, knows what stands there, and repeats what was stored in the other form as it is', async () => {
    await using ecs = await TestNotifier.of(file({ path, format: 'ecs' }))
    const { notification } = await ecs.deliver({ id: 'A' })
    const later = { ...notification, key: 'B:1:file', body: notification.body.replace('"id":"A:1:file"', '"id":"B:1:file"') }
    await using native = await TestNotifier.of(file({ path }))
    const { signal } = new AbortController()
    expect(await native.notifier.deliver(notification, signal)).toMatchObject({ detail: 'it was there already' })
    await native.notifier.deliver(later, signal)
    await native.deliver({ id: 'C' })
    const written = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    expect(written.slice(0, 2)).toEqual([notification.body, later.body])
    expect(lines()[2]).toMatchObject({ key: 'C:1:file', kind: 'signal' })
  })
})
