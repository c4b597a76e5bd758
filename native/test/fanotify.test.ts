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

const rounds = process.env['CWS_TEST_LONG'] ? 20_000_000 : 50_000

it('events of fanotify come out as they went in, and damaged ones are read to their end at most', { timeout: 600_000 }, () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  expect(execFileSync(buildFanotifyTest(folder), ['parse', String(seed), String(rounds)], { encoding: 'utf8' }), `seed ${seed}`).toBe(
    `${rounds} rounds\n`,
  )
})
