import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { TimedReader } from '../src/index.ts'

const hungArgv = fileURLToPath(new URL('../../tests/generators/.output/hung_argv', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cws-timed-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('reads as far as fits', () => {
  const reader = new TimedReader(10_000)
  const into = Buffer.alloc(100_000)
  const file = join(folder, 'file')
  writeFileSync(file, 'x'.repeat(70_000))
  expect(reader.read(file, into)).toBe(65_536)
  expect(into.toString('latin1', 0, 65_536)).toBe('x'.repeat(65_536))
  expect(reader.read(file, into.subarray(0, 10))).toBe(10)
  for (let i = 0; i < 1000; i++) {
    const length = reader.read('/proc/self/cmdline', into)
    expect(into.subarray(0, length)).toEqual(readFileSync('/proc/self/cmdline'))
  }
  expect(reader.read(join(folder, 'none'), into)).toBe(-1)
  expect(reader.read('/proc/self/mem', into)).toBe(-1)
})

it.skipIf(!existsSync('/dev/fuse'))('leaves behind what takes too long, and after four of them reads nothing for a while', async () => {
  const reader = new TimedReader(20)
  const file = join(folder, 'file')
  const into = Buffer.alloc(16)
  const hung = spawn(hungArgv, [mkdtempSync(join(folder, 'hung-'))], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(hung.stdout, 'data')
    for (let i = 0; i < 4; i++) {
      expect(reader.read(file, into)).toBe(16)
      expect(reader.read(`/proc/${hung.pid}/cmdline`, into)).toBe(-1)
    }
    expect(reader.read(file, into)).toBe(-1)
    expect(new TimedReader(10_000).read(file, into)).toBe(16)
  } finally {
    // Its end frees whoever waits.
    hung.kill('SIGKILL')
    await once(hung, 'exit')
  }
})
