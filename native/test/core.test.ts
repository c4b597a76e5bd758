import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildTest } from './build-test.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const parts = ['queue', 'loss', 'join', 'images', 'sink', 'pace', 'saturation', 'drain', 'stall']
let folder: string

const build = (name: string, sanitizers: string, test = 'core_test', of = parts, more: readonly string[] = []): string => {
  const program = join(folder, name)
  const flags = ['-std=gnu11', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra', '-Werror']
  const includes = [...more, `-I${path('../addon')}`, `-I${path('../../bpf/include')}`]
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
  const even = 2 * (Math.floor(Math.random() * 2 ** 30) + 1)
  const program = build('order', 'address,undefined', 'order_test', ['order', 'images', 'fanotify_event'])
  // With an odd seed the opens of the interpreter are not told.
  for (const seed of [even, even + 1])
    expect(execFileSync(program, [String(seed), '150000'], { encoding: 'utf8' })).toBe(`seed ${seed}: 150000 steps\n`)
})

it('the thread and its consumer share nothing unguarded, says ThreadSanitizer', { timeout: 60_000 }, () => {
  // Without address randomisation: some kernels place mappings where ThreadSanitizer's shadow must be.
  const output = execFileSync('setarch', ['-R', build('core_tsan', 'thread'), '7', '4'], { encoding: 'utf8' })
  expect(output).toBe('seed 7: 4 rounds\n')
})

it('what was lost of processes is told ahead of changes that were gathered meanwhile', { timeout: 60_000 }, () => {
  expect(execFileSync(buildTest(folder, 'losses_test', []), { encoding: 'utf8' })).toBe('lost first\n')
})

it('a ring that fills up while it is drained is noticed, and a record that goes round its end comes whole', { timeout: 60_000 }, () => {
  // Of libbpf the test brings what the ring needs.
  mkdirSync(join(folder, 'bpf'))
  writeFileSync(join(folder, 'bpf/bpf.h'), 'int bpf_map_lookup_elem(int fd, const void *key, void *value);\n')
  writeFileSync(join(folder, 'bpf/libbpf.h'), '#include <linux/bpf.h>\nint libbpf_num_possible_cpus(void);\n')
  expect(execFileSync(build('ring', 'address,undefined', 'ring_test', ['ring'], [`-I${folder}`]), { encoding: 'utf8' })).toBe('ring\n')
})
