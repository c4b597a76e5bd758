import { existsSync, realpathSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CwsError } from '../errors/cws-error.ts'
import { frameOf, readSource } from './frame.ts'
import { generationOf, withGeneration } from './generation.ts'
import { hasModuleSyntax } from './literal-scan.ts'
import { isWithin } from './paths.ts'
import { placeOfSpecifier } from './script-source.ts'
import { assertTrusted } from './trust.ts'

export interface ModulePolicy {
  /** Folders whose installations provide what the importing file's own does not: that of the agent. */
  readonly installations: readonly string[]
  /** Refuse modules that others than root can write. Those of `installations` are excepted: the agent itself runs from there. */
  readonly trust: boolean
}

/** Scheme by which `importFrom` says from where a package is to be looked up. */
const scheme = 'cws-from:'
const core = import.meta.url

let policy: ModulePolicy | undefined

/**
 * Makes this thread's module loader fit for configurations: files of the configuration's own package are evaluated anew with each
 * generation, may be ES modules in a CommonJS folder (what `npm init` makes), find packages in the agent's installation too, and, as root,
 * nothing that others can write is evaluated. Call it in every thread that imports such modules; again to change the policy.
 */
export function installModuleHooks(next: ModulePolicy): void {
  const first = policy === undefined
  policy = { ...next, installations: next.installations.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder)) }
  if (first) registerHooks({ resolve, load })
}

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>
type Load = NonNullable<Parameters<typeof registerHooks>[0]['load']>

const resolve: Resolve = (specifier, context, next) => {
  if (specifier.startsWith(scheme)) {
    const { name, folders } = JSON.parse(decodeURIComponent(specifier.slice(scheme.length))) as Request
    return resolveFrom(name, folders.map(parentIn), context, next)
  }
  const parent = context.parentURL
  const generation = generationOf(parent)
  if (parent === undefined || generation === undefined) return next(specifier, context)
  const resolved = resolveLocal(specifier, parent, context, next)
  if (!resolved.url.startsWith('file:') || generationOf(resolved.url) !== undefined || !isLocal(parent, resolved.url)) return resolved
  return { ...resolved, url: withGeneration(resolved.url, generation) }
}

function resolveLocal(specifier: string, parent: string, context: Parameters<Resolve>[1], next: Parameters<Resolve>[2]) {
  try {
    return isBare(specifier)
      ? resolveFrom(specifier, [parent, core, ...(policy?.installations ?? []).map(parentIn)], context, next)
      : next(specifier, context)
  } catch (error) {
    if (!isNotFound(error)) throw error
    const file = fileURLToPath(parent)
    const place = placeOfSpecifier(file, specifier)
    const at = place ? `${file}:${place.line}:${place.column}` : file
    if (!isBare(specifier))
      throw new CwsError('CWS_ERR_CONFIG_LOAD', `${at}: there is no ${specifier}`, {
        frame: place && frameOf(place, new Set()),
        cause: error,
      })
    throw new CwsError('CWS_ERR_PLUGIN_NOT_FOUND', `${at}: the package "${specifier}" is not installed`, {
      hint: `Run \`npm install ${packageOf(specifier)}\` in ${dirname(file)}.`,
      frame: place && frameOf(place, new Set()),
      cause: error,
    })
  }
}

/** Resolves as the first of these parents that knows the name does. */
function resolveFrom(specifier: string, parents: readonly string[], context: Parameters<Resolve>[1], next: Parameters<Resolve>[2]) {
  let missing: unknown
  for (const parentURL of parents) {
    try {
      return next(specifier, { ...context, parentURL })
    } catch (error) {
      if (!isNotFound(error)) throw error
      missing ??= error
    }
  }
  throw missing
}

const load: Load = (url, context, next) => {
  if (!url.startsWith('file:')) return next(url, context)
  const file = fileURLToPath(url)
  if (policy?.trust && !policy.installations.some((folder) => isWithin(folder, file))) assertTrusted(file, 'module')
  if (generationOf(url) === undefined || !context.format?.startsWith('commonjs') || isCommonJs(file)) return next(url, context)
  return next(url, { ...context, format: context.format === 'commonjs' ? 'module' : 'module-typescript' })
}

/** Whether a file that Node takes for CommonJS, for its package says so, is that: not, if it imports or exports. */
function isCommonJs(file: string): boolean {
  return /\.c[jt]s$/.test(file) || !hasModuleSyntax(readSource(file) ?? '')
}

interface Request {
  readonly name: string
  readonly folders: readonly string[]
  readonly generation: string
}

/** URL to import a package by, looked up from the first of these folders that has it. Needs the hooks. */
export function specifierFrom(name: string, folders: readonly string[], generation: string): string {
  return scheme + encodeURIComponent(JSON.stringify({ name, folders, generation } satisfies Request))
}

/** Forgets the CommonJS modules of a configuration's own package, which Node does not key by URL. */
export function forgetCommonJs(file: string): void {
  const { cache } = createRequire(file)
  for (const path of Object.keys(cache)) if (isLocal(pathToFileURL(file).href, pathToFileURL(path).href)) delete cache[path]
}

/** True if both files belong to one package and neither is an installed dependency of it. */
function isLocal(parent: string, child: string): boolean {
  const file = fileURLToPath(child)
  return packageFolder(fileURLToPath(parent)) === packageFolder(file) && !file.includes('/node_modules/')
}

function packageFolder(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

const parentIn = (folder: string): string => pathToFileURL(join(folder, 'cws.config.mjs')).href
const isBare = (specifier: string): boolean => /^(?:@[\w.-]+\/)?[\w-]/.test(specifier) && !/^[a-z][a-z+.-]*:/i.test(specifier)

/** `@acme/usb/extra` → `@acme/usb`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** True for the error of a module that is not there. */
export function isNotFound(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}
