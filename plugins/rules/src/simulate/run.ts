import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { RunTrigger } from '@cws/core'
import { Container, obstacleToContainer } from './container.ts'
import { Place } from './place.ts'

type Command = readonly [program: string, ...args: string[]]

/** Nothing that is run takes long; what does is ended. */
const RUN_MS = 60_000
export const SHELL = '/bin/sh'
const SETSID = '/usr/bin/setsid'
const SCRIPT = '/usr/bin/script'
const SETPRIV = '/usr/bin/setpriv'
/** The user that owns nothing. */
const NOBODY = 65534

export function obstacleToRun({ run, folder, session, terminal, unprivileged, container }: RunTrigger): string | undefined {
  const needed = [run.includes('/') && run, folder, session && SETSID, terminal && SCRIPT, unprivileged && SETPRIV]
  for (const path of needed) if (path && !existsSync(path)) return `there is no ${path} here`
  if (unprivileged && process.getuid?.() !== 0) return 'only root can become another user'
  return container ? obstacleToContainer() : undefined
}

/** Runs it to its end. How it ends is its own matter. @throws Error if it could not be started */
export function runProgram(trigger: RunTrigger): void {
  const { run, copyOf = '/bin/true', mode, args = [], argv0, env, folder, unprivileged, container } = trigger
  // Whoever is not root must find the copy.
  using place = new Place(folder, unprivileged ? 0o711 : undefined)
  using box = container ? new Container(place.path) : undefined
  const program = run.includes('/') ? run : box ? box.inside(run) : place.copyOf(copyOf, run, mode)
  const [first, ...rest] = startedBy(trigger, place, box, [program, ...args])
  const { error } = spawnSync(first, rest, {
    stdio: 'ignore',
    cwd: place.path,
    timeout: RUN_MS,
    env: { PATH: process.env['PATH'], ...env },
    ...(argv0 === undefined ? {} : { argv0 }),
  })
  if (error) throw error
}

/** What stands above it, from the inside to the outside. */
function startedBy(trigger: RunTrigger, place: Place, box: Container | undefined, innermost: Command): Command {
  const { unprivileged, below = [], terminal, session } = trigger
  let command = innermost
  if (unprivileged) command = [SETPRIV, `--reuid=${NOBODY}`, '--clear-groups', ...command]
  // A shell that has more to do than its last command stays, and is the parent.
  for (const name of [below].flat().reverse()) command = [place.copyOf(SHELL, name), '-c', '"$@"; exit 0', name, ...command]
  if (terminal) command = [SCRIPT, '-qec', command.map(quoted).join(' '), '/dev/null']
  if (session) command = [SETSID, '--wait', ...command]
  return box ? box.started(command) : command
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
