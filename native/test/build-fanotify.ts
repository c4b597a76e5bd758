import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const parts = [
  'queue',
  'loss',
  'join',
  'images',
  'sink',
  'pace',
  'saturation',
  'drain',
  'fanotify',
  'fanotify_change',
  'fanotify_event',
  'directories',
  'exec_marks',
  'order',
  'mounts',
  'mountinfo',
  'marks',
  'patterns',
  'wildcard',
]

/** Builds c/fanotify_test.c and what it tests with ASan and UBSan. @returns the program. */
export function buildFanotifyTest(folder: string): string {
  const program = join(folder, 'fanotify_test')
  const flags = ['-std=gnu11', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra', '-Werror', '-pthread']
  const includes = [`-I${path('../addon')}`, `-I${path('../../bpf/include')}`]
  const sources = [path('c/fanotify_test.c'), ...parts.map((part) => path(`../addon/${part}.c`))]
  execFileSync('gcc', [...flags, '-fsanitize=address,undefined', '-fno-sanitize-recover=all', ...includes, ...sources, '-o', program])
  return program
}
