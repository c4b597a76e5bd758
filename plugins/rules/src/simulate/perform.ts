import { spawnSync } from 'node:child_process'
import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { MakeTrigger, RunTrigger, Trigger } from '@cws/core'

/** Nothing that is run takes long; what does is ended. */
const RUN_MS = 20_000
const SHELL = '/bin/sh'

/** Begins the names of all that is made. */
export const MARK = 'cws-simulate'

/** Why it cannot be done on this host; undefined if it can. */
export function obstacle(trigger: Trigger): string | undefined {
  if ('make' in trigger) {
    if (!existsSync(dirname(trigger.make))) return `there is no folder ${dirname(trigger.make)} here`
    return existsSync(trigger.make) ? `${trigger.make} is there already` : undefined
  }
  return trigger.run.includes('/') && !existsSync(trigger.run) ? `there is no ${trigger.run} here` : undefined
}

/** Does it; what is returned removes what it made. @throws Error if it cannot be done; nothing is left behind then */
export function perform(trigger: Trigger): () => void {
  if ('make' in trigger) return makeFile(trigger)
  runAndRemove(trigger)
  return () => {}
}

function runAndRemove({ run, args = [], argv0, env, below, folder = tmpdir(), session }: RunTrigger): void {
  const place = mkdtempSync(join(folder, `${MARK}-`))
  const copyOf = (original: string, name: string): string => {
    const copy = join(place, name)
    // Not over what is there: nobody else makes files in a folder of this mode.
    copyFileSync(original, copy, constants.COPYFILE_EXCL)
    return copy
  }
  try {
    const program = run.includes('/') ? run : copyOf('/bin/true', run)
    // A shell that has more to do than the last command stays, and is the parent.
    const command: [string, ...string[]] =
      below === undefined ? [program, ...args] : [copyOf(SHELL, below), '-c', '"$@"; exit 0', below, program, ...args]
    const [first, ...rest] = session ? (['/usr/bin/setsid', '--wait', ...command] as const) : command
    const { error } = spawnSync(first as string, rest, {
      stdio: 'ignore',
      cwd: place,
      timeout: RUN_MS,
      env: { PATH: process.env['PATH'], ...env },
      ...(argv0 === undefined ? {} : { argv0 }),
    })
    if (error) throw error
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function makeFile({ make }: MakeTrigger): () => void {
  // Rules leave empty files alone. Fails if there is such a file: it is somebody's.
  writeFileSync(make, '# made by cws rules simulate\n', { flag: 'wx', mode: 0o600 })
  return () => rmSync(make)
}
