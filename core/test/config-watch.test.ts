import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ConfigWatch } from '../src/agent/config-watch.ts'
import { loggerInto, type ObservedLog } from '../src/testing/test-pipeline.ts'

let folder: string
let file: string
const logs: ObservedLog[] = []
const changed = vi.fn()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-watch-'))
  file = join(folder, 'cws.config.ts')
  writeFileSync(file, 'one')
  changed.mockClear()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const watching = () => new ConfigWatch(file, loggerInto(logs, 'agent'), changed)
const isTold = (times: number) => expect.poll(() => changed.mock.calls.length, { timeout: 10_000 }).toBe(times)

it('tells of a file that is written, and of one that is put in its place', async () => {
  using _ = watching()
  writeFileSync(file, 'two')
  await isTold(1)
  writeFileSync(`${file}.new`, 'three')
  renameSync(`${file}.new`, file)
  await isTold(2)
})

it('tells neither of other files, nor of one that goes, nor of what is known already', async () => {
  using watch = watching()
  writeFileSync(join(folder, 'other'), 'x')
  rmSync(file)
  writeFileSync(file, 'two')
  watch.seen()
  // A change that is told shows that those before it were not.
  utimesSync(file, 1, 1)
  await isTold(1)
})

it('follows a symbolic link to where it leads now', async () => {
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'config'), name)
  }
  rmSync(file)
  symlinkSync('a/config', file)
  using watch = watching()
  writeFileSync(join(folder, 'a/config'), 'changed')
  await isTold(1)
  symlinkSync('b/config', `${file}.new`)
  renameSync(`${file}.new`, file)
  await isTold(2)
  watch.renew()
  writeFileSync(join(folder, 'b/config'), 'changed too')
  await isTold(3)
})
