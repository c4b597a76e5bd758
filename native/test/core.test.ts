import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const parts = ['queue', 'loss', 'join', 'images', 'sink', 'pace', 'saturation', 'drain', 'stall']
let folder: string

const build = (name: string, sanitizers: string, test = 'core_test', of = parts): string => {
  const program = join(folder, name)
  const flags = ['-std=gnu11', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra', '-Werror']
  const includes = [`-I${path('../addon')}`, `-I${path('../../bpf/include')}`]
  const sources = [path(`c/${test}.c`), ...of.map((part) => path(`../addon/${part}.c`))]
  execFileSync('gcc', [...flags, `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', ...includes, ...sources, '-o', program])
  return program
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-native-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('queue, joiner, losses, pace and thread survive random records under ASan and UBSan', { timeout: 60_000 }, () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const output = execFileSync(build('core_asan', 'address,undefined'), [String(seed), '15'], { encoding: 'utf8' })
  expect(output).toBe(`seed ${seed}: 15 rounds\n`)
})

it('the time of a change is told as narrow as can be known, and never wrong', { timeout: 60_000 }, () => {
  const seed = Math.floor(Math.random() * 2 ** 31) + 1
  const program = build('order', 'address,undefined', 'order_test', ['order', 'images', 'fanotify_event'])
  expect(execFileSync(program, [String(seed), '300000'], { encoding: 'utf8' })).toBe(`seed ${seed}: 300000 steps\n`)
})

it('the thread and its consumer share nothing unguarded, says ThreadSanitizer', { timeout: 60_000 }, () => {
  // Without address randomisation: some kernels place mappings where ThreadSanitizer's shadow must be.
  const output = execFileSync('setarch', ['-R', build('core_tsan', 'thread'), '7', '4'], { encoding: 'utf8' })
  expect(output).toBe('seed 7: 4 rounds\n')
})
