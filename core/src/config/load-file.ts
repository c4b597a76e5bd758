import { realpathSync, statSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { configNames } from './explorer.ts'
import { frameOf, readSource } from './frame.ts'
import { generationOf, withGeneration } from './generation.ts'
import { importModule } from './import-module.ts'
import { forgetCommonJs } from './module-hooks.ts'
import type { Place } from './problem.ts'
import { scriptSource } from './script-source.ts'
import type { Source } from './source.ts'
import { readText } from './text-source.ts'

/** A configuration file as read: what it exports, not yet looked at. */
export interface Loaded {
  /** `text`: YAML or JSON, which names packages; `script`: TypeScript or JavaScript, which imports them. */
  readonly kind: 'text' | 'script'
  readonly value: unknown
  readonly source: Source
}

export interface Evaluation {
  readonly generation: string
  readonly timeoutMs: number
  /** What a configuration that is a function is told. */
  readonly environment: { readonly root: boolean; readonly hostname: string }
}

/** Bytes of the largest configuration that is read. */
const largest = 1 << 20

/** @throws CwsError CWS_ERR_CONFIG_NOT_FOUND, CWS_ERR_CONFIG_LOAD unless it is a regular file of a reasonable size */
export function assertReadable(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) throw new CwsError('CWS_ERR_CONFIG_NOT_FOUND', `${file} does not exist`, { hint: 'Check the path, or run `cws init`.' })
  if (!stat.isFile()) throw new CwsError('CWS_ERR_CONFIG_LOAD', `${file} is not a file`)
  if (stat.size > largest) throw new CwsError('CWS_ERR_CONFIG_LOAD', `${file} is larger than ${largest} bytes`)
}

/**
 * Reads or evaluates one configuration file; functions are called.
 * @throws CwsError CWS_ERR_CONFIG_LOAD, CWS_ERR_CONFIG_TIMEOUT, CWS_ERR_PLUGIN_NOT_FOUND, CWS_ERR_CONFIG_TRUST
 */
export async function loadFile(file: string, text: string, evaluation: Evaluation): Promise<Loaded> {
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
    case '.json':
      return { kind: 'text', ...readText(file, text) }
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return { kind: 'script', value: await evaluate(file, evaluation), source: scriptSource(realpathSync(file)) }
    default:
      throw new CwsError('CWS_ERR_CONFIG_LOAD', `${file} is no kind of file that a configuration can be`, {
        hint: `Name it one of ${configNames.join(', ')}.`,
      })
  }
}

async function evaluate(file: string, { generation, timeoutMs, environment }: Evaluation): Promise<unknown> {
  const real = realpathSync(file)
  forgetCommonJs(real)
  const deadline = timeout(timeoutMs, file)
  try {
    const module = await Promise.race([importModule(withGeneration(pathToFileURL(real).href, generation)), deadline.passed])
    const exported = defaultOf(module)
    if (exported === undefined)
      throw new CwsError('CWS_ERR_CONFIG_LOAD', `${file}: there is no default export`, {
        hint: 'Write `export default defineConfig({ plugins: [] })`.',
      })
    return typeof exported === 'function' ? await Promise.race([exported(environment), deadline.passed]) : await exported
  } catch (error) {
    throw error instanceof CwsError || (error as { name?: unknown } | null)?.name === 'CwsError' ? error : failure(file, real, error)
  } finally {
    deadline.cancel()
  }
}

/** The default export, also of CommonJS that was compiled from an ES module. */
function defaultOf(module: Record<string, unknown>): unknown {
  const exported = module['default'] as { __esModule?: unknown; default?: unknown } | undefined
  return exported?.__esModule ? exported.default : exported
}

function timeout(ms: number, file: string) {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  const timer = setTimeout(
    () =>
      reject(
        new CwsError('CWS_ERR_CONFIG_TIMEOUT', `${file}: the configuration did not settle within ${ms / 1000} s`, {
          hint: 'Look for an `await` or a promise that never ends.',
        }),
      ),
    ms,
  )
  return { passed: promise, cancel: () => clearTimeout(timer) }
}

function failure(file: string, real: string, error: unknown): CwsError {
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
