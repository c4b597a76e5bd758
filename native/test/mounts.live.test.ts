import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildTest } from './build-test.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-native-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('a mount is opened through none that was put on the way to it since the mounts were read', { timeout: 60_000 }, () => {
  const parts = ['mounts', 'mount_root', 'mountinfo', 'directories', 'patterns', 'wildcard']
  expect(execFileSync(buildTest(folder, 'mounts_test', parts), [folder], { encoding: 'utf8' })).toBe('mounts\n')
})
