import type { Outcome } from '@cws/core'

type Failure = Exclude<Outcome['result'], 'delivered'>

/** What exit codes say, by the names of sysexits.h; 126 and 127 are what shells and env(1) say of a program that they cannot run. */
const CODES: ReadonlyMap<number, readonly [result: Failure, name: string]> = new Map([
  [64, ['broken', 'EX_USAGE']],
  [65, ['reject', 'EX_DATAERR']],
  [72, ['broken', 'EX_OSFILE']],
  [75, ['retry', 'EX_TEMPFAIL']],
  [77, ['broken', 'EX_NOPERM']],
  [78, ['broken', 'EX_CONFIG']],
  [126, ['broken', 'not executable']],
  [127, ['broken', 'not found']],
])
/** The program is not there or may not be run: so it will be for all signals. Other errors, as of a host without memory, pass. */
const NOT_RUNNABLE: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR', 'ELOOP', 'E2BIG'])

/** What the end of a program means. `said`: the first line of what it wrote. */
export function outcomeOfExit(code: number | null, signal: string | null, said: string): Outcome {
  if (code === 0) return { result: 'delivered' }
  const words = said === '' ? '' : `: ${said}`
  // It had begun, and nobody knows how far it came.
  if (code === null) return { result: 'ambiguous', detail: `the program was ended by ${signal ?? 'a signal'}${words}` }
  const [result, name] = CODES.get(code) ?? ['retry', undefined]
  return { result, detail: `exit code ${code}${name === undefined ? '' : ` (${name})`}${words}` }
}

/** What it means that a program did not begin. */
export function outcomeOfError(error: NodeJS.ErrnoException): Outcome {
  return {
    result: NOT_RUNNABLE.has(error.code) ? 'broken' : 'retry',
    detail: `the program could not be started (${error.code ?? error.message})`,
  }
}
