import { resolve } from 'node:path'
import type { RulePack } from '@cws/core'
import type { Workbench } from '@cws/core/cli'
import { type Collected, collect } from '../collect.ts'
import { type Loaded, load } from '../load.ts'
import type { Options } from '../options.ts'
import type { LoadReport } from '../report.ts'
import { withUnfed } from '../tell.ts'

const PLUGIN = '@cws/plugin-rules'

/**
 * The rules of these files; without any, those of the configuration with its changes to them. What no source of the configuration feeds is
 * `unfed` in the report.
 */
export async function rulesOf(
  files: readonly string[],
  bench: Workbench,
  { tuned = true } = {},
): Promise<Loaded & { readonly found: Collected }> {
  const { composition, model, sources } = bench
  const here = process.cwd()
  const configured = optionsOf(bench)
  const folder = files.length > 0 ? here : composition.folder
  const packs = files.length > 0 ? files.map((file) => resolve(here, file)) : configured.flatMap(({ packs }) => packs)
  const tune = tuned && files.length === 0 ? Object.assign({}, ...configured.map((options) => options.tune)) : {}
  const found = await collect(packs, { folder, import: bench.import })
  const loaded = load(found, tune, model)
  const fed = new Set<string>(sources.flatMap(({ feeds }) => feeds))
  const isFed = (type: string, field?: string) =>
    (fed.has(type) || type.startsWith('agent.')) && (field === undefined || bench.isTold(type, field))
  return { ...loaded, found, report: withUnfed(loaded, isFed) }
}

/** The packs of the configuration, those that are named imported. */
export async function packsOf(bench: Workbench): Promise<readonly RulePack[]> {
  const packs: RulePack[] = []
  for (const pack of optionsOf(bench).flatMap((options) => options.packs)) {
    const value = typeof pack === 'string' ? await defaultOf(pack, bench) : pack
    if (typeof value === 'object' && value !== null && 'rules' in value && Array.isArray(value.rules)) packs.push(value as RulePack)
  }
  return packs
}

async function defaultOf(name: string, { import: load }: Workbench): Promise<unknown> {
  // Files hold rules, packages hold packs.
  return /^\.{0,2}\/|\*/.test(name) ? undefined : (await load(name))['default']
}

function optionsOf({ composition }: Workbench): readonly Options[] {
  return composition.instances.filter(({ instance }) => instance.package.name === PLUGIN).map(({ options }) => options as Options)
}

/** What a report says is wrong with a file or a package as a whole. */
export function lostIn(report: LoadReport): readonly { readonly origin: string; readonly messages: readonly string[] }[] {
  return [
    ...report.failed.map(({ origin, problem }) => ({ origin, messages: [problem.message] })),
    ...report.policies
      .filter(({ errors }) => errors.length > 0)
      .map(({ file, errors }) => ({ origin: file, messages: errors.map(({ message }) => message) })),
  ]
}
