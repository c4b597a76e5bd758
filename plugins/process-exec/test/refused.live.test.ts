import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestPipeline } from '@cws/core/testing'
import type { BpfObject } from '@cws/native'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import processExec from '../src/index.ts'

const { folder } = vi.hoisted(() => ({ folder: { path: '' } }))

// In place of the best flavour's object, one that every verifier refuses: the kernel says no for real. It has none of the sensor's knobs.
vi.mock('@cws/native', async (original) => {
  const native = await original<typeof import('@cws/native')>()
  const openObject = (name: string): BpfObject => {
    if (name !== 'process.bpf.o') return native.openObject(name)
    const object = native.openObject(join(folder.path, 'refused.bpf.o'))
    object.setConstant = () => {}
    object.setMaxEntries = () => {}
    return object
  }
  return { ...native, openObject }
})

beforeAll(() => {
  folder.path = mkdtempSync(join(tmpdir(), 'cws-refused-'))
  const source = fileURLToPath(new URL('../../../native/test/c/refused.bpf.c', import.meta.url))
  execFileSync('clang', ['-O2', '-target', 'bpf', '-c', source, '-o', join(folder.path, 'refused.bpf.o')])
})
afterAll(() => rmSync(folder.path, { recursive: true, force: true }))

test('a program that the verifier refuses: the next flavour runs, the verifier’s words are the reason', async () => {
  await using pipeline = await TestPipeline.of([processExec()])
  await pipeline.start()
  expect(pipeline.runtime.sensors[0]?.report()).toMatchObject({
    running: 'raw_tp',
    selfTest: 'alive',
    flavours: [
      { name: 'tp_btf', state: 'failed', reason: expect.stringMatching(/^the kernel refused .*: R9 !read_ok$/) },
      { name: 'raw_tp', state: 'running' },
      { name: 'procfs' },
    ],
  })
  expect(pipeline.logs).toContainEqual({
    plugin: 'process-exec',
    level: 'warn',
    message: expect.stringContaining('cannot run as tp_btf'),
  })
  expect(pipeline.faults).toEqual([])
})
