import type { Where } from '@cws/core'

/** What puts content at a name. */
export const WRITTEN = ['created', 'modified', 'linked', 'renamed'] as const

/** Globs of files of which each is one person's: `/root` and below `/home`. */
export const inHomes = (...names: readonly string[]): readonly string[] => names.flatMap((name) => [`/root/${name}`, `/home/*/${name}`])

/** Content came to one of these names. */
export function written(...paths: readonly string[]): Where<'change'> {
  return { 'change.kind': WRITTEN, 'change.path': paths }
}

/** Content came to a name that one of these expressions finds. */
export function writtenAs(...expressions: readonly string[]): Where<'change'> {
  return { 'change.kind': WRITTEN, 'change.path': { regex: expressions } }
}

/** A folder whose files are all taken, whatever their name: what editors and package managers leave beside them is not. */
export function allOf(...folders: readonly string[]): Where<'change'> {
  return { ...written(...folders.map((folder) => `${folder}/*`)), none: [{ 'change.path': { regex: LEFT_ASIDE } }] }
}

/** cron, sudo, PAM and init pass these over. */
const LEFT_ASIDE = '/(?:[.#][^/]*|[^/]*(?:~|\\.(?:dpkg|ucf|rpm)[a-z-]+))$'
