import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { CwsError, messageOf } from '../errors/cws-error.ts'

export interface Folders {
  /** Where the configuration is looked for. */
  readonly config: string
  /** Signals, plugin state, baseline. */
  readonly state: string
  /** Control socket and lock. */
  readonly run: string
}

export interface FolderOptions {
  readonly root: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the flags --state-dir and --run-dir say; they win over CWS_STATE_DIR and CWS_RUN_DIR. */
  readonly stateDir?: string | undefined
  readonly runDir?: string | undefined
}

/** Of the agent that root starts. */
const SYSTEM = { state: '/var/lib/cws', run: '/run/cws' } as const

/** The folders of this agent: as root those of the system, else those of the XDG base directory specification. */
export function folders(options: FolderOptions): Folders {
  const { root, env, stateDir, runDir } = options
  const state = stateDir ?? (env['CWS_STATE_DIR'] || (root ? SYSTEM.state : join(xdg(env, 'XDG_STATE_HOME', '.local/state'), 'cws')))
  const run = runDir ?? (env['CWS_RUN_DIR'] || (root ? SYSTEM.run : runtimeFolder(env, resolve(state))))
  return { config: configFolder(options), state: resolve(state), run: resolve(run) }
}

/**
 * The folders of the agent that a command asks. A user who names none and never had an agent of his own means that of the host, which lets its group
 * in. `exists` tells whether there is something at a path.
 */
export function askedFolders(options: FolderOptions, exists: (path: string) => boolean = existsSync): Folders {
  const own = folders(options)
  const { root, env, stateDir, runDir } = options
  const isNamed = [stateDir, runDir, env['CWS_STATE_DIR'], env['CWS_RUN_DIR']].some((name) => name !== undefined && name !== '')
  if (root || isNamed || exists(own.state) || exists(own.run) || !exists(SYSTEM.run)) return own
  return { ...own, ...SYSTEM }
}

/** `/etc/cws`, or the user's own. */
export function configFolder({ root, env }: Pick<FolderOptions, 'root' | 'env'>): string {
  return root ? '/etc/cws' : join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'cws')
}

/** The specification says that relative paths are to be ignored. */
function xdg(env: FolderOptions['env'], name: string, fallback: string): string {
  const value = env[name]
  return value && isAbsolute(value) ? value : join(env['HOME'] || homedir(), fallback)
}

/** Without a runtime folder of the session the state folder has room: /tmp would be shared. */
function runtimeFolder(env: FolderOptions['env'], state: string): string {
  const value = env['XDG_RUNTIME_DIR']
  return value && isAbsolute(value) ? join(value, 'cws') : join(state, 'run')
}

/**
 * Makes a folder for the agent's own files, or takes one that is there: a real folder of this user, with no more access than `mode`.
 * @param mode 0o700, or 0o750 where a group may come in
 * @throws CwsError CWS_ERR_STATE_DIR
 */
export function prepareFolder(folder: string, mode: 0o700 | 0o750): void {
  try {
    make(folder, mode)
    const stat = lstatSync(folder)
    if (stat.isSymbolicLink()) throw refusal(folder, 'it is a symbolic link', 'Name the folder that it leads to.')
    if (!stat.isDirectory()) throw refusal(folder, 'it is not a folder', 'Name another.')
    const uid = process.geteuid?.()
    if (uid !== undefined && stat.uid !== uid)
      throw refusal(folder, `it belongs to user ${stat.uid}, not to ${uid}`, `Name another, or \`chown ${uid} ${folder}\`.`)
    const excess = stat.mode & 0o777 & ~mode
    if (excess !== 0) chmodSync(folder, stat.mode & 0o7777 & mode)
  } catch (error) {
    if (error instanceof CwsError) throw error
    throw refusal(folder, messageOf(error), 'Name another: --state-dir, --run-dir.', error)
  }
}

/** As `mkdir -p`, step by step: Node's recursive one never ends where a parent takes no entries, as in /proc. */
function make(folder: string, mode: number): void {
  if (existsSync(folder)) return
  const parent = dirname(folder)
  if (parent !== folder) make(parent, 0o755)
  mkdirSync(folder, { mode })
}

function refusal(folder: string, why: string, hint: string, cause?: unknown): CwsError {
  return new CwsError('CWS_ERR_STATE_DIR', `the folder ${folder} cannot be used: ${why}`, { hint, cause })
}
