import type { Condition, Interest, Matcher } from '@cws/core'

const PATH = 'open.file.path'
const WILD = /[*?[\]]/g

/** Globs of the files that conditions on `open` name. `unbounded`: those who asked for what no path bounds. */
export interface NamedFiles {
  readonly globs: readonly string[]
  readonly unbounded: readonly string[]
}

/**
 * Which files somebody wants to know the opens of. Every file of which a condition can hold is among those, and others may be: the condition
 * itself is judged later.
 */
export function filesNamed(interests: readonly Interest[]): NamedFiles {
  const globs = new Set<string>()
  const unbounded = new Set<string>()
  for (const { plugin, condition } of interests) {
    const named = globsOf(condition)
    if (!named) unbounded.add(plugin)
    for (const glob of named ?? []) globs.add(glob)
  }
  return { globs: [...globs].sort(), unbounded: [...unbounded].sort() }
}

/**
 * Those first that no folder of many owners can fill: all that match are marked until there are `maxFiles`, and whose home is below
 * `/home/*` can have any number of keys. Theirs must not stand before those of root and of the host.
 */
export function narrowFirst(globs: readonly string[]): string[] {
  const breadth = (glob: string): number => {
    const parts = glob.split('/')
    const first = parts.findIndex((part) => /[*?[]/.test(part))
    return first < 0 ? 0 : first === parts.length - 1 ? 1 : 2
  }
  return [...new Set(globs)].sort((a, b) => breadth(a) - breadth(b) || (a < b ? -1 : 1))
}

/** Undefined: it may hold of any file. */
function globsOf(condition: Condition): readonly string[] | undefined {
  switch (condition.op) {
    case 'and':
      return condition.of.map(globsOf).find((globs) => globs !== undefined)
    case 'or': {
      const all = condition.of.map(globsOf)
      return all.every((globs) => globs !== undefined) ? all.flat() : undefined
    }
    case 'match':
      return condition.field === PATH ? everyOne(condition.any.map(globOf)) : undefined
    case 'oneof':
      return condition.field === PATH ? everyOne(condition.any.map((text) => exactly(String(text)))) : undefined
    default:
      return undefined
  }
}

const everyOne = (globs: readonly (string | undefined)[]): readonly string[] | undefined =>
  globs.every((glob) => glob !== undefined) ? globs : undefined

function globOf(matcher: Matcher): string | undefined {
  switch (matcher.kind) {
    case 'exact':
      return exactly(matcher.text)
    case 'glob':
      return /^[^[]*$/.test(matcher.text) && matcher.text.split('/').every((part) => part === '**' || !part.includes('**'))
        ? bounded(matcher.text)
        : below(matcher.text)
    case 'pattern':
      return matcher.text.includes('*') ? below(matcher.text) : exactly(matcher.text)
    case 'regex':
      return undefined
  }
}

/** A name with characters that mean something in globs is matched by any character there: too much, never too little. */
const exactly = (path: string): string | undefined => bounded(path.replaceAll(WILD, '?'))

/** All below the folder that the text names before its first wildcard. */
function below(text: string): string | undefined {
  const head = text.slice(0, text.search(WILD))
  return bounded(`${head.slice(0, head.lastIndexOf('/'))}/**`)
}

/** Absolute and in its one form, with a folder to begin in: the whole of a host is not listed file by file. */
function bounded(glob: string): string | undefined {
  const parts = glob.split('/').slice(1)
  const plain = glob.startsWith('/') && parts.length <= 60 && parts.every((part) => !['', '.', '..'].includes(part))
  return plain && parts[0] !== '**' && parts[0] !== '*' ? glob : undefined
}
