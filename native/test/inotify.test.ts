import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildTest } from './build-test.ts'

const parts = [
  'inotify',
  'inotify_change',
  'inotify_event',
  'inotify_watch',
  'watches',
  'change',
  'directories',
  'mounts',
  'mount_root',
  'mountinfo',
  'patterns',
  'wildcard',
]

describe('inotify under ASan and UBSan', { timeout: 60_000 }, () => {
  let folder: string
  let program: string
  const seed = String(Math.floor(Math.random() * 2 ** 31))
  const run = (...args: string[]) => execFileSync(program, args, { encoding: 'utf8' })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cws-inotify-'))
    program = buildTest(folder, 'inotify_test', parts)
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  it('events come out as they went in, and damaged ones are read to their end at most', () => {
    expect(run('parse', seed, '20000'), `seed ${seed}`).toBe('20000 rounds\n')
  })

  it('watches have the paths that a plain list gives them, through moves, losses and reused numbers', () => {
    const table = buildTest(folder, 'watches_test', ['watches'])
    expect(execFileSync(table, [seed, '60'], { encoding: 'utf8' }), `seed ${seed}`).toBe('60 rounds\n')
  })

  it('a source survives whatever bytes come instead of the kernel’s', () => {
    expect(run('stream', seed, '1000'), `seed ${seed}`).toBe('1000 rounds\n')
  })

  it('a second half of a rename that comes late has both names', () => {
    expect(run('late', folder, '200')).toBe('200 rounds\n')
  })

  it('thousands of quick changes come with their paths while the folders above are renamed', () => {
    expect(run('storm', folder, '3000')).toBe('3000 rounds\n')
  })
})
