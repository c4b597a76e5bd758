#!/usr/bin/env node
// The launcher: finds a Node that is new enough, gives up what the agent does not need, and becomes the agent. Plain JavaScript for Node 18.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { KEPT_CAPABILITIES } from './capabilities.js'
import { findRuntime } from './runtime.js'

/** Commands that read what the kernel tells; only they run with the agent's capabilities instead of the caller's. */
const WATCHING = ['run', 'events', 'doctor']

const { path: runtime, problem } = findRuntime(import.meta.url)
if (problem) {
  process.stderr.write(`cws: ${problem}\n`)
  process.exit(2)
}

// A clone has the sources, an installed package has what was built from them. Measurements in a clone want what hosts run: CWS_BUILT=1.
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const fromSource = existsSync(source) && process.env.CWS_BUILT !== '1'
const main = fromSource ? source : fileURLToPath(new URL('../dist/main.js', import.meta.url))
// Nearly all that the engine allocates dies with its event: a small young generation costs no pauses and a third less memory. The middle tier of
// V8's compilers serves the engine as well as the top one, which costs a new agent more to run than it saves (benchmarks/engine).
const nodeArgs = ['--max-semi-space-size=4', '--no-turbofan', '--expose-gc', ...(fromSource ? ['--conditions=cws-source'] : []), main]
// One arena for all threads of malloc: they allocate little, and each arena keeps what was once used. glibc reads it when the process starts.
// Of libuv's threads, 4 if nothing is said, names are looked up in one half: more, so that a few names whose servers are slow leave some for others.
const environment = { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '8', ...process.env }
const argv = [runtime, ...nodeArgs, ...process.argv.slice(2)]

const native = await import('@cws/native/launch').catch(() => undefined)
try {
  if (native) {
    if (process.getuid?.() === 0 && WATCHING.includes(process.argv[2] ?? '')) {
      native.capDrop(KEPT_CAPABILITIES)
      native.noNewPrivileges()
    }
    native.execve(runtime, argv, environment)
  }
} catch (error) {
  // Without the addon the agent still runs, on what it can; it says itself what is missing.
  if (error.code !== 'CWS_ERR_NATIVE_UNAVAILABLE') throw error
}
if (process.execve) process.execve(runtime, argv, environment)
if (runtime === process.execPath && !fromSource) await import(pathToFileURL(main).href)
else waitFor(spawn(runtime, argv.slice(1), { stdio: 'inherit', env: environment }))

/** The last resort, an old Node without the addon: stay, pass signals on, end as the agent ends. */
function waitFor(child) {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to both.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('error', (error) => {
    process.stderr.write(`cws: ${runtime} does not start: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
