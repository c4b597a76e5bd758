import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestNotifier } from '@cws/core/testing'
import { expect, it } from 'vitest'
import file from '../src/index.ts'

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url))
const ROUNDS = 3

/** Runs the writer until it has confirmed so many, and some time into the next write; returns the numbers that it confirmed. */
async function killed(path: string, first: number, count: number, extraMs: number): Promise<number[]> {
  const child = spawn(process.execPath, ['--conditions=cws-source', WRITER, path, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const enough = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.split('\n').length > count) enough.resolve()
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([enough.promise, ended])
  await new Promise((resolve) => setTimeout(resolve, extraMs))
  child.kill('SIGKILL')
  await ended
  return said.split('\n').slice(0, -1).map(Number)
}

it('a kill -9 in the middle of lines, with rotations, leaves no line that does not parse, loses none and repeats none [case 54]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-file-kill-'))
  try {
    const path = join(folder, 'signals.jsonl')
    const confirmed = new Set<number>()
    let first = 0
    for (let round = 0; round < ROUNDS; round++) {
      for (const number of await killed(path, first, 6, 3 * round)) confirmed.add(number)
      // What was not confirmed is told again, as the agent does.
      first = [...Array(confirmed.size + 1).keys()].find((number) => !confirmed.has(number)) ?? 0
    }
    {
      await using last = await TestNotifier.of(file({ path, maxSize: 4 * 1024 * 1024, keep: 100 }))
      await last.deliver({ id: 'END' })
    }
    const names = readdirSync(folder).toSorted((a, b) => Number(b.split('.')[2] ?? 0) - Number(a.split('.')[2] ?? 0))
    expect(names.length).toBeGreaterThan(1)
    const ids = names.flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { id: string }).id),
    )
    expect(new Set(ids).size).toBe(ids.length)
    for (const number of confirmed) expect(ids).toContain(`S${String(number).padStart(8, '0')}`)
    expect(ids.at(-1)).toBe('END')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)

it('a full disk means another try, and nothing half is left behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-file-full-'))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'none', disk])
  try {
    const path = join(disk, 'signals.jsonl')
    await using it = await TestNotifier.of(file({ path }))
    const message = 'x'.repeat(50_000)
    expect((await it.deliver({ id: 'A', message })).outcome).toEqual({ result: 'delivered' })
    const ballast = join(disk, 'ballast')
    try {
      writeFileSync(ballast, Buffer.alloc(1024 * 1024))
    } catch {
      // It is full now.
    }
    expect((await it.deliver({ id: 'B', message })).outcome).toMatchObject({ result: 'retry', detail: expect.stringContaining('ENOSPC') })
    rmSync(ballast)
    expect((await it.deliver({ id: 'B', message }, { attempt: 2 })).outcome).toEqual({ result: 'delivered' })
    const ids = readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids).toEqual(['A', 'B'])
  } finally {
    execFileSync('umount', [disk])
    rmSync(folder, { recursive: true, force: true })
  }
})
