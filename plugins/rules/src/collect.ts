import { globSync, statSync } from 'node:fs'
import { basename, extname, relative, resolve } from 'node:path'
import { CwsError, type PluginContext } from '@cws/core'
import { isDetection } from './detections/shape.ts'
import { isPolicy, policyEndings, readPolicy } from './front-ends/policy.ts'
import { endings, rulesIn, rulesOfModule } from './front-ends/typescript.ts'
import type { PackInput } from './options.ts'
import type { PolicyText } from './policy/load-policies.ts'

/** A rule as it was found, and where. */
export interface FoundRule {
  readonly rule: unknown
  /** For people: a file, a package, or a place in the options. */
  readonly origin: string
  /** The file that it stands in, if it was named as one. */
  readonly file?: string | undefined
}

export interface Collected {
  readonly rules: readonly FoundRule[]
  /** They stand in the same lists as rules, or in lists of their own. */
  readonly detections: readonly FoundRule[]
  /** Those that do not stand in policies: of the configuration. */
  readonly suppressions: readonly unknown[]
  /** Policy files, each once, in the order of loading. */
  readonly policies: readonly PolicyText[]
  /** Files and packages that could not be read; the others are. */
  readonly failed: readonly { readonly origin: string; readonly error: unknown }[]
}

/** How files and packages are reached. */
export interface Importer extends Pick<PluginContext, 'folder' | 'import'> {
  /** Refuses a policy file that somebody else could have written; modules are checked as they are imported. */
  readonly trust?: (file: string) => void
}

/** Gathers rules from all that `packs` names, in its order. A file that cannot be read loses only itself. */
export async function collect(packs: readonly PackInput[], importer: Importer): Promise<Collected> {
  const rules: FoundRule[] = []
  const policies = new Map<string, PolicyText>()
  const failed: { origin: string; error: unknown }[] = []
  const attempt = async (origin: string, find: () => Promise<readonly unknown[]> | readonly unknown[], file?: string) => {
    try {
      for (const rule of await find()) rules.push({ rule, origin, file })
    } catch (error) {
      failed.push({ origin, error })
    }
  }
  for (const [i, pack] of packs.entries()) {
    if (typeof pack !== 'string') await attempt(originOf(pack, i), () => rulesIn(pack) ?? refuse('this is neither a pack nor a rule'))
    else if (!isPath(pack)) await attempt(pack, async () => rulesOfModule(await importer.import(pack)))
    else {
      const files = filesOf(pack, importer.folder)
      if (files.length === 0) await attempt(pack, () => refuse(`there are no rule files at ${pack} (${kinds})`))
      for (const file of files) {
        const origin = relative(importer.folder, file) || file
        if (isPolicy(file))
          await attempt(origin, () => {
            importer.trust?.(file)
            if (!policies.has(file)) policies.set(file, { origin, file, text: readPolicy(file) })
            return []
          })
        else await attempt(origin, () => rulesOfFile(file, importer), file)
      }
    }
  }
  const [detections, ofRules] = [true, false].map((wanted) => rules.filter(({ rule }) => isDetection(rule) === wanted)) as [
    FoundRule[],
    FoundRule[],
  ]
  return { rules: ofRules, detections, suppressions: [], policies: [...policies.values()], failed }
}

const kinds = [...endings, ...policyEndings].join(', ')

async function rulesOfFile(file: string, importer: Importer): Promise<readonly unknown[]> {
  if (!endings.includes(extname(file))) refuse(`this is no kind of file that rules can be in: ${kinds}`)
  return rulesOfModule(await importer.import(file))
}

function originOf(pack: object, index: number): string {
  const { name, rules } = pack as { name?: unknown; rules?: unknown }
  return typeof name === 'string' && Array.isArray(rules) ? name : `packs[${index}]`
}

function isPath(name: string): boolean {
  return /^\.{0,2}\//.test(name) || name.includes('*')
}

/** The files that a path, a folder or a glob names, sorted, `default.policy` first. Only what is named outright may be no rule file. */
function filesOf(name: string, folder: string): string[] {
  const path = resolve(folder, name)
  const kind = statSync(path, { throwIfNoEntry: false })
  if (kind?.isFile()) return [path]
  const pattern = kind?.isDirectory() ? `${path}/*` : path
  return globSync(pattern)
    .filter((file) => (isPolicy(file) || endings.includes(extname(file))) && !/\.(d|test)\.[cm]?ts$/.test(file) && mayBeFile(file))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** What cannot be looked at, such as a link that leads nowhere, is told of when it is read. */
function mayBeFile(file: string): boolean {
  try {
    return statSync(file).isFile()
  } catch {
    return true
  }
}

const rank = (file: string): number => (basename(file) === 'default.policy' ? 0 : 1)

function refuse(message: string): never {
  throw new CwsError('CWS_ERR_RULE', message)
}
