/** What is under a name: a link is one, whatever it leads to. */
export type FileKind = 'folder' | 'link' | 'other'

export interface Entry {
  readonly name: Buffer
  readonly kind: FileKind
}

/** Of linux/fs_types.h: as d_type has it, and st_mode in its upper four bits. */
const DIR = 4
const LINK = 10

export const kindOf = (type: number): FileKind => (type === DIR ? 'folder' : type === LINK ? 'link' : 'other')

/** The entries that the addon lists: of each the type, the name and a NUL. */
export function* entriesIn(list: Buffer | undefined): Generator<Entry> {
  if (!list) return
  for (let at = 0; at < list.length; ) {
    const end = list.indexOf(0, at + 1)
    yield { name: list.subarray(at + 1, end), kind: kindOf(list[at] as number) }
    at = end + 1
  }
}

/** Paths with a NUL after each. */
export function pathsIn(list: Buffer): readonly Buffer[] {
  const paths: Buffer[] = []
  for (let at = 0, end = 0; at < list.length; at = end + 1) {
    end = list.indexOf(0, at)
    paths.push(list.subarray(at, end))
  }
  return paths
}
