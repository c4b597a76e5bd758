import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
/** What the native thread consists of, whatever it drains. */
const drain = ['queue', 'loss', 'join', 'images', 'sink', 'pace', 'saturation', 'drain']

/** Builds c/NAME.c with the native thread and these parts of the addon, with ASan and UBSan. @returns the program. */
export function buildTest(folder: string, name: string, parts: readonly string[]): string {
  const program = join(folder, name)
  const flags = ['-std=gnu11', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra', '-Werror', '-pthread']
  const includes = [`-I${path('../addon')}`, `-I${path('../../bpf/include')}`]
  const sources = [path(`c/${name}.c`), ...[...drain, ...parts].map((part) => path(`../addon/${part}.c`))]
  execFileSync('gcc', [...flags, '-fsanitize=address,undefined', '-fno-sanitize-recover=all', ...includes, ...sources, '-o', program])
  return program
}
