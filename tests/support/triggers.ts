import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './agent.ts'

/** A compiled program of tests/generators. */
export function generator(name: string): string {
  return join(root, 'tests/generators/.output', name)
}

/** Runs a program to its end and returns its stdout. @throws Error if it fails */
export function run(program: string, args: readonly string[] = [], timeoutMs = 120_000): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ended with ${signal ?? status}: ${stderr}`)
  return stdout
}

/** The same without keeping this process from what else it does. */
export async function runBeside(program: string, args: readonly string[] = []): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' })
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}`)
}

/** A folder that goes with the scope: `using folder = temporaryFolder()`. */
export function temporaryFolder(parent = tmpdir()): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(parent, 'cws-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Runs a copy of /bin/true from /dev/shm under a name of its own. Returns its path. */
export function runFromSharedMemory(...args: string[]): string {
  using folder = temporaryFolder('/dev/shm')
  const program = join(folder.path, 'payload')
  copyFileSync('/bin/true', program)
  run(program, args)
  return program
}

/** Executes a memory file. */
export function runMemoryFile(...args: string[]): void {
  run(generator('spawn'), ['-memfd', ...args])
}

/** A program named `parent` starts `program`. */
export function runBelow(parent: string, program: string, ...args: string[]): void {
  using folder = temporaryFolder()
  const copy = join(folder.path, parent)
  copyFileSync(generator('spawn'), copy)
  run(copy, [program, ...args])
}
