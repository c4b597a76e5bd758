import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildFanotifyTest } from './build-fanotify.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-fanotify-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('events of fanotify come out as they went in, and damaged ones are read to their end at most', { timeout: 60_000 }, () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  expect(execFileSync(buildFanotifyTest(folder), ['parse', String(seed), '20000'], { encoding: 'utf8' }), `seed ${seed}`).toBe(
    '20000 rounds\n',
  )
})
