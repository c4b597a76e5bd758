import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Outcome } from '@cws/core'
import type { ExecOptions } from './options.ts'
import { outcomeOfError, outcomeOfExit } from './outcome.ts'
import { Output } from './output.ts'

/** What ended programs wrote is in the pipes: this is for what somebody else holds open. */
const READ_MS = 200

export interface Ran {
  readonly outcome: Outcome
  /** Bytes that it wrote to stdout and stderr. */
  readonly bytes: number
}

/** Runs the program once. It leads a process group of its own, and when it has ended, or its time has, all of the group is killed. */
export function run(
  { command, timeout, uid, gid }: Pick<ExecOptions, 'command' | 'timeout' | 'uid' | 'gid'>,
  input: string,
  env: Readonly<Record<string, string>>,
  stop: AbortSignal,
): Promise<Ran> {
  const [program = '', ...args] = command
  const { promise, resolve } = Promise.withResolvers<Ran>()
  let child: ChildProcessWithoutNullStreams
  try {
    const as = uid === undefined || gid === undefined ? {} : { uid, gid }
    child = spawn(program, args, { ...as, env: { ...env }, cwd: '/', detached: true, shell: false, stdio: 'pipe' })
  } catch (error) {
    return Promise.resolve({ outcome: outcomeOfError(error as NodeJS.ErrnoException), bytes: 0 })
  }
  const outputs = [new Output(child.stderr), new Output(child.stdout)]
  let late: string | undefined
  const end = (why: string) => (): void => {
    late ??= why
    killGroup(child.pid)
  }
  const timer = setTimeout(end(`it was killed after ${timeout} ms`), timeout)
  const aborted = end('it was killed, for the time of this delivery is over')
  const ended = (outcome: Outcome): void => {
    clearTimeout(timer)
    stop.removeEventListener('abort', aborted)
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    resolve({ outcome, bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
  child.on('error', (error) => ended(outcomeOfError(error)))
  child.on('exit', (code, signal) => {
    const isLate = late !== undefined && code === null
    // What it left behind in its group goes with it; what left the group may hold the pipes open.
    killGroup(child.pid)
    const read = (): void => {
      clearTimeout(wait)
      child.off('close', read)
      const said = outputs.map(({ firstLine }) => firstLine).find((line) => line !== '') ?? ''
      ended(isLate ? { result: 'ambiguous', detail: `${late}${said === '' ? '' : `: ${said}`}` } : outcomeOfExit(code, signal, said))
    }
    const wait = setTimeout(read, READ_MS)
    child.once('close', read)
  })
  // A program may end without having read.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  stop.addEventListener('abort', aborted)
  if (stop.aborted) aborted()
  return promise
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // None of it is left.
  }
}
