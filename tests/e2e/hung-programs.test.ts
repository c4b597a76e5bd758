/** A program on a file system that never answers: whoever reads its process from /proc must not wait for it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generator } from '../support/triggers.ts'

const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../plugins/process-exec/src', path))
let base: string

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'cws-hung-'))
  mkdirSync(join(base, 'proc/7'), { recursive: true })
  mkdirSync(join(base, 'hung'))
  for (const file of ['stat', 'status']) writeFileSync(join(base, 'proc/7', file), readFileSync(`/proc/self/${file}`))
  symlinkSync(join(base, 'hung'), join(base, 'proc/7/exe'))
})
afterAll(() => rmSync(base, { recursive: true }))

test('a process is read though its program cannot be looked at', { timeout: 60_000 }, () => {
  const script = `
    import { statNow } from '@cws/native'
    import { ProcReader } from ${source('procfs/read.ts')}
    import { RecordWriter } from ${source('record/writer.ts')}
    const reader = new ProcReader(() => 1n, () => false, '${base}/proc', undefined, statNow)
    console.log(reader.read(7, new RecordWriter(131072)) >= 0 ? 'read' : 'not read')
  `
  // The mount is gone with the namespace, and the program that made it with its pids.
  const shell = `'${generator('hung_fuse')}' ${base}/hung >${base}/out & until grep -q ready ${base}/out; do sleep 0.01; done; exec "$@"`
  const node = [process.execPath, '--conditions=cws-source', '--input-type=module', '-e', script]
  const inside = ['-m', '-p', '-f', '--kill-child', '--propagation', 'private', 'sh', '-c', shell, 'sh', ...node]
  expect(execFileSync('unshare', inside, { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL', cwd: import.meta.dirname })).toBe(
    'read\n',
  )
})
