import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { frameOf, readSource } from './frame.ts'
import { generationOf } from './generation.ts'
import type { Place } from './problem.ts'

/**
 * What a file of the user's own threw while it was evaluated, as an error with the place and a frame. `file` is how people call it, `real` its
 * path on disk. A CwsError keeps its code and words.
 */
export function evaluationError(file: string, real: string, error: unknown): unknown {
  if (error instanceof CwsError) return placed(error, real)
  // Another copy of core made it.
  if ((error as { name?: unknown } | null)?.name === 'CwsError') return error
  const place = placeOfSyntaxError(error, real) ?? placeInStack(error, real)
  const where = place ? `${place.file}:${place.line}:${place.column}` : file
  const code = (error as { code?: unknown } | null)?.code
  const hint =
    code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
      ? 'Types are only erased, not compiled: replace enum, namespace and parameter properties by plain JavaScript.'
      : undefined
  return new CwsError('CWS_ERR_CONFIG_LOAD', `${where}: ${messageOf(error).split('\n', 1)[0]}`, {
    hint,
    // A syntax error's stack quotes the line, which may hold a secret.
    cause: error instanceof SyntaxError ? undefined : error,
    frame: place && frameOf(place, new Set()),
  })
}

/** With the place of the user's own line that asked for what was refused, unless the error shows one. */
function placed(error: CwsError, real: string): CwsError {
  const place = error.frame === undefined ? placeInStack(error, real) : undefined
  if (!place) return error
  const { code, message, plugin, hook, hint, cause } = error
  const frame = frameOf(place, new Set())
  return new CwsError(code, `${place.file}:${place.line}:${place.column}: ${message}`, { cause, plugin, hook, hint, frame })
}

/** A syntax error's stack starts with `file:///…:LINE`, the line, and a line with a caret. */
function placeOfSyntaxError(error: unknown, real: string): Place | undefined {
  if (!(error instanceof Error) || error.name !== 'SyntaxError') return undefined
  return placeInHeader(error.stack ?? '', undefined) ?? reparse(real)
}

function placeInHeader(stack: string, file: string | undefined): Place | undefined {
  const header = /^(\S.*):(\d+)\n(.*)\n( *)\^/.exec(stack)
  if (!header) {
    const bare = /^(\S.*):(\d+)\n/.exec(stack)
    return bare && (file ?? localPath(bare[1] as string))
      ? { file: file ?? localPath(bare[1] as string), line: Number(bare[2]), column: 1 }
      : undefined
  }
  return { file: file ?? localPath(header[1] as string), line: Number(header[2]), column: (header[4] as string).length + 1 }
}

/** Errors of V8's module parser carry no place: the parser that erases types finds the same one and says where. */
function reparse(real: string): Place | undefined {
  const text = readSource(real)
  if (text === undefined) return undefined
  try {
    stripTypeScriptTypes(text, { sourceUrl: 'config' })
    return undefined
  } catch (error) {
    return placeInHeader((error as Error).stack ?? '', real)
  }
}

/** The innermost frame of a stack that lies in the configuration's own package. */
function placeInStack(error: unknown, real: string): Place | undefined {
  if (!(error instanceof Error)) return undefined
  for (const [, at, line, column] of (error.stack ?? '').matchAll(/((?:file:\/\/)?\/[^\s()]+?):(\d+):(\d+)/g))
    if (generationOf(at) !== undefined || at === real) return { file: localPath(at as string), line: Number(line), column: Number(column) }
  return undefined
}

function localPath(at: string): string {
  return at.startsWith('file:') ? fileURLToPath(at) : at
}
