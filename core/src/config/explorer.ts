import { cosmiconfig, type Loader } from 'cosmiconfig'
import type { Loaded } from './load-file.ts'

/** The names a configuration may have; where several stand in one folder, the first counts. */
export const configNames = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map((extension) => `cws.config.${extension}`)

/** What cosmiconfig found. */
export interface Found {
  readonly file: string
  readonly loaded: Loaded
}

/**
 * Searches and reads by cosmiconfig. Making its explorer evaluates what the working directory offers as its own ("meta") configuration, so
 * the explorer is made in `/`, where only root can put anything; the loader's result is wrapped, so that a `$import` in a file is an
 * unknown key like any other.
 */
export function explorer(load: (file: string, text: string) => Promise<Loaded>, searchStrategy: 'none' | 'project') {
  const loader: Loader = load
  const loaders = Object.fromEntries(
    ['.ts', '.mts', '.js', '.mjs', '.json', '.yaml', '.yml', '.cjs', '.cts', 'noExt', 'default'].map((e) => [e, loader]),
  )
  const it = inRoot(() =>
    cosmiconfig('cws', { searchPlaces: configNames, loaders, searchStrategy, cache: false, ignoreEmptySearchPlaces: false }),
  )
  const found = (result: Awaited<ReturnType<typeof it.load>>): Found | undefined =>
    result ? { file: result.filepath, loaded: result.config as Loaded } : undefined
  return {
    search: async (folder: string): Promise<Found | undefined> => found(await it.search(folder)),
    load: async (file: string): Promise<Found | undefined> => found(await it.load(file)),
  }
}

/** Runs something synchronous with `/` as working directory. */
function inRoot<T>(run: () => T): T {
  let before: string | undefined
  try {
    before = process.cwd()
  } catch {
    // The working directory was removed: there is nothing to come back to.
  }
  process.chdir('/')
  try {
    return run()
  } finally {
    if (before !== undefined) process.chdir(before)
  }
}
