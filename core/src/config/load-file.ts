import { realpathSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CwsError } from '../errors/cws-error.ts'
import { evaluationError } from './evaluation-error.ts'
import { configNames } from './explorer.ts'
import { withGeneration } from './generation.ts'
import { importModule } from './import-module.ts'
import { forgetCommonJs } from './module-hooks.ts'
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
    throw evaluationError(file, real, error)
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
