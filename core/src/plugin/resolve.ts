import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { withGeneration } from '../config/generation.ts'
import { importModule } from '../config/import-module.ts'
import { isNotFound, specifierFrom } from '../config/module-hooks.ts'
import type { Path } from '../config/problem.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { isPreset } from './preset.ts'
import { isRecord } from './schema-walk.ts'
import { describeValue, kindOf } from './validate.ts'

/** Where the packages that a text configuration names are looked up. */
export interface Lookup {
  /** Folder of the configuration. */
  readonly folder: string
  /** Folders whose installations come after it. */
  readonly installations: readonly string[]
  readonly generation: string
}

/** An entry of `plugins` in YAML or JSON, called; or why that failed. */
export type Resolved =
  | { readonly ok: true; readonly value: unknown; readonly path: Path }
  | {
      readonly ok: false
      readonly path: Path
      readonly code: ErrorCode
      readonly message: string
      readonly hint: string | undefined
      readonly cause?: unknown
    }

/** The packages that a name may mean, in order: `fim` is @cws/plugin-fim, cws-plugin-fim, then the package fim itself. */
export function candidates(name: string): string[] {
  if (name.startsWith('@') || name.startsWith('cws-plugin-')) return [name]
  return [`@cws/plugin-${name}`, `cws-plugin-${name}`, name]
}

/** What a package is called in YAML. */
export function shortestName(packageName: string): string {
  return packageName.replace(/^(?:@cws\/plugin-|cws-plugin-)/, '')
}

/** Names: npm's rules, an optional subpath; or a path. */
const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[\w./-]+)?$/

/** Turns `name` or `{ name: options }` into what the package's factory makes of it: a plugin, or those of a preset. */
export async function resolveEntry(entry: unknown, path: Path, lookup: Lookup): Promise<Resolved> {
  const fail = (code: ErrorCode, message: string, hint?: string, cause?: unknown): Resolved => ({
    ok: false,
    path,
    code,
    message,
    hint,
    cause,
  })
  const keys = isRecord(entry) ? Object.keys(entry) : []
  if (typeof entry !== 'string' && keys.length !== 1) {
    const what = isRecord(entry) ? `a map of ${keys.length} keys` : kindOf(entry)
    return fail(
      'CWS_ERR_PLUGIN_INVALID',
      `expected the name of a plugin, or one name with its options, but ${what} was given`,
      'Write `- fim`, or `- fim: { watch: [/etc/**] }`.',
    )
  }
  const name = typeof entry === 'string' ? entry : (keys[0] as string)
  const options = typeof entry === 'string' ? {} : ((entry as Record<string, unknown>)[name] ?? {})
  const at = typeof entry === 'string' ? path : [...path, name]
  if (!isRecord(options))
    return {
      ...fail('CWS_ERR_PLUGIN_OPTIONS', `the options of "${name}" must be a map, but ${describeValue(options)} was given`),
      path: at,
    } as Resolved
  const local = /^\.{0,2}\//.test(name)
  if (!local && !packageName.test(name)) return fail('CWS_ERR_PLUGIN_NOT_FOUND', `${JSON.stringify(name)} is no name of a package`)
  try {
    const factory = (await (local ? importLocal(name, lookup) : importPackage(name, lookup)))['default']
    if (isPreset(factory)) return { ok: true, value: factory(options), path: at }
    if (typeof factory !== 'function' || !('definition' in factory))
      return fail(
        'CWS_ERR_PLUGIN_INVALID',
        `the default export of "${name}" is not a plugin’s factory`,
        'A plugin exports `definePlugin(import.meta, …)` by default, a preset `definePreset(…)`.',
      )
    return { ok: true, value: (factory as unknown as (options: object) => unknown)(options), path: at }
  } catch (error) {
    if (error instanceof NotInstalled) return fail('CWS_ERR_PLUGIN_NOT_FOUND', error.message, error.hint)
    if (error instanceof CwsError) return fail(error.code, error.message, error.hint, error)
    return fail('CWS_ERR_PLUGIN_INVALID', `the plugin "${name}" could not be loaded: ${messageOf(error)}`, undefined, error)
  }
}

class NotInstalled extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

async function importLocal(name: string, { folder, generation }: Lookup): Promise<Record<string, unknown>> {
  const file = isAbsolute(name) ? name : resolve(folder, name)
  try {
    return await importModule(withGeneration(pathToFileURL(file).href, generation))
  } catch (error) {
    if (isNotFound(error) && (error as { url?: unknown }).url === withGeneration(pathToFileURL(file).href, generation))
      throw new NotInstalled(`there is no file ${file}`, 'Paths are relative to the folder of the configuration.')
    throw error
  }
}

async function importPackage(name: string, { folder, installations, generation }: Lookup): Promise<Record<string, unknown>> {
  const names = candidates(name)
  for (const candidate of names) {
    const specifier = specifierFrom(candidate, [folder, ...installations], generation)
    try {
      return await importModule(specifier)
    } catch (error) {
      // Only the package itself may be missing: what one that is there cannot find is that package's fault.
      if (!isNotFound(error) || !missing(error, candidate)) throw error
    }
  }
  const which = names.length > 1 ? `none of the packages ${names.join(', ')} is installed` : `the package "${name}" is not installed`
  throw new NotInstalled(which, `Run \`npm install ${names[0]}\` in ${folder}, or in its folder on the machine that builds the image.`)
}

function missing(error: unknown, name: string): boolean {
  return messageOf(error).includes(`'${name}'`) || messageOf(error).includes(`'${name.split('/', name.startsWith('@') ? 2 : 1).join('/')}'`)
}
