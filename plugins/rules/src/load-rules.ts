import { Modules } from '@cws/core'
import { collect, type Importer } from './collect.ts'
import { standardModel } from './evaluate/standard-model.ts'
import { type Loaded, load } from './load.ts'
import type { Options, PackInput } from './options.ts'
import { type HostFacts, hostFacts } from './policy/host-filter.ts'
import type { Model } from './policy/language.ts'

export interface LoadOptions {
  readonly tune?: Options['tune']
  /** Where relative paths start and packages are looked up; the working directory if absent. */
  readonly folder?: string
  /** In its stead. */
  readonly importer?: Importer
  /** The event types; the standard ones if absent. */
  readonly model?: Model
  /** What filters of policies ask of the host; this host if absent. */
  readonly facts?: HostFacts
}

/** Loads rules as the agent does, without an agent and without root: what runs, and what became of each rule and policy. */
export async function loadRules(packs: readonly PackInput[], options: LoadOptions = {}): Promise<Loaded> {
  const { tune = {}, folder = process.cwd(), importer = new Modules(folder), model = standardModel, facts = hostFacts() } = options
  return load(await collect(packs, importer), tune, model, facts)
}
