import type { ErrorCode } from '../errors/codes.ts'
import { CwsError } from '../errors/cws-error.ts'
import { frameOf } from './frame.ts'

/** Where in a value: the keys and indices that lead there. */
export type Path = readonly (string | number)[]

/** A place in a file. Lines and columns count from 1; `end` is exclusive. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly end?: { readonly line: number; readonly column: number }
}

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly code: ErrorCode
  /** What is wrong, without the file. */
  readonly message: string
  readonly place: Place | undefined
  readonly plugin?: string | undefined
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * One error of all problems: the code, hint and frame are those of the first; each has its line in the message and is an error of its own
 * in the `AggregateError` that is the cause. `secrets` are texts that no frame may show.
 */
export function errorOf(problems: readonly [Problem, ...Problem[]], file: string | undefined, secrets: ReadonlySet<string>): CwsError {
  const errors = problems.map((problem) => toError(problem, file, secrets))
  const first = errors[0] as CwsError
  if (errors.length === 1) return first
  const lines = errors.map((error) => `  - ${error.message}`)
  return new CwsError(first.code, `${errors.length} problems in the configuration:\n${lines.join('\n')}`, {
    plugin: first.plugin,
    hint: first.hint,
    frame: first.frame,
    cause: new AggregateError(errors),
  })
}

function toError(problem: Problem, file: string | undefined, secrets: ReadonlySet<string>): CwsError {
  const { place } = problem
  const where = place ? `${place.file}:${place.line}:${place.column}: ` : file ? `${file}: ` : ''
  const who = problem.plugin === undefined ? '' : `plugin "${problem.plugin}": `
  return new CwsError(problem.code, where + who + problem.message, {
    plugin: problem.plugin,
    hint: problem.hint,
    cause: problem.cause,
    frame: place && frameOf(place, secrets),
  })
}

/** `watch[1].path`: a path as people write it. */
export function pathText(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(key)) text += text ? `.${key}` : key
    else text += `[${JSON.stringify(key)}]`
  }
  return text
}
