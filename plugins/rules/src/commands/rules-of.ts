import { resolve } from 'node:path'
import type { Workbench } from '@cws/core/cli'
import { type Collected, collect } from '../collect.ts'
import type { Options } from '../options.ts'

/** Rules that a command is about, and the configuration's changes to them. */
export interface Subject {
  readonly found: Collected
  readonly tune: Options['tune']
}

const PLUGIN = '@cws/plugin-rules'

/** The rules of these files; without any, those of the configuration. */
export async function rulesOf(files: readonly string[], { composition, import: load }: Workbench): Promise<Subject> {
  const here = process.cwd()
  if (files.length > 0) {
    const packs = files.map((file) => resolve(here, file))
    return { found: await collect(packs, { folder: here, import: load }), tune: {} }
  }
  const configured = composition.instances
    .filter(({ instance }) => instance.package.name === PLUGIN)
    .map(({ options }) => options as Options)
  const found = await collect(
    configured.flatMap(({ packs }) => packs),
    { folder: composition.folder, import: load },
  )
  return { found, tune: Object.assign({}, ...configured.map(({ tune }) => tune)) }
}
