import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluginTester, TestNotifier } from '@cws/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import jsonl from '../src/index.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-jsonl-'))
  path = join(folder, 'signals.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

new PluginTester({ describe, it }).run(jsonl, {
  valid: [{ path: join(tmpdir(), 'cws-jsonl-sample.jsonl') }],
  invalid: [{}, { path: 'relative.jsonl' }, { path: 7 }],
})

const lines = () =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { id: string; revision: number })

describe('notify-jsonl', () => {
  it('appends each body as a line that nobody else can read', async () => {
    await using notifier = await TestNotifier.of(jsonl({ path }))
    const first = await notifier.deliver({ id: 'A' })
    await notifier.deliver({ id: 'A', revision: 2 })
    expect(first.outcome).toEqual({ result: 'delivered' })
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(first.notification.body)
    expect(lines()).toMatchObject([
      { id: 'A', revision: 1 },
      { id: 'A', revision: 2 },
    ])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('writes a redelivery once, also after a restart', async () => {
    {
      await using notifier = await TestNotifier.of(jsonl({ path }))
      await notifier.deliver({ id: 'A' })
      await notifier.deliver({ id: 'A' }, { attempt: 2 })
    }
    await using notifier = await TestNotifier.of(jsonl({ path }))
    const again = await notifier.deliver({ id: 'A' }, { attempt: 3 })
    expect(again.outcome).toMatchObject({ result: 'delivered' })
    await notifier.deliver({ id: 'B' })
    expect(lines().map(({ id }) => id)).toEqual(['A', 'B'])
  })

  it('cuts off a line that a crash tore, and keeps the order of what comes at once', async () => {
    writeFileSync(path, `${JSON.stringify({ id: 'A', revision: 1 })}\n{"id":"B","rev`, { mode: 0o600 })
    await using notifier = await TestNotifier.of(jsonl({ path }))
    await Promise.all(['A', 'B', 'C', 'D'].map((id) => notifier.deliver({ id })))
    expect(lines().map(({ id }) => id)).toEqual(['A', 'B', 'C', 'D'])
  })

  it('refuses a link, a second name, and a file that holds something else', async () => {
    const target = join(folder, 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, path)
    await expect(TestNotifier.of(jsonl({ path }))).rejects.toMatchObject({ code: 'ELOOP' })
    const second = join(folder, 'second')
    linkSync(target, second)
    await expect(TestNotifier.of(jsonl({ path: second }))).rejects.toThrow('single name')
    rmSync(second)
    await expect(TestNotifier.of(jsonl({ path: target }))).rejects.toThrow('something else')
    expect(readFileSync(target, 'utf8')).toBe('precious')
  })

  it('asks for another try when it cannot write, and goes on in a new file after the old was moved away', async () => {
    await using notifier = await TestNotifier.of(jsonl({ path: join(folder, 'missing', 'x.jsonl') }))
    expect((await notifier.deliver({ id: 'A' })).outcome).toMatchObject({ result: 'retry', detail: expect.stringContaining('ENOENT') })
    await using rotated = await TestNotifier.of(jsonl({ path }))
    await rotated.deliver({ id: 'A' })
    rmSync(path)
    await rotated.deliver({ id: 'B' })
    expect(lines().map(({ id }) => id)).toEqual(['B'])
    expect(existsSync(path)).toBe(true)
  })
})
