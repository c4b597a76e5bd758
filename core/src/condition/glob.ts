import { compilePattern, type TextTest } from './pattern.ts'

/** The segment that crosses slashes; within a longer segment two stars are one. */
const CROSSING = '**'

/**
 * Compiles a path glob: `*` is any run of characters within one segment, a segment `**` is any number of segments: none in the middle or
 * at the start (`/a`, `**`, `x` matches `/a/x`), at least one at the end (`/a/**` does not match `/a`). A leading `*` segment swallows the
 * slash before it. An empty path matches no glob. The name of a memory file (`memfd:NAME`) is one segment, whatever slashes it holds. Linear
 * in the path.
 */
export function compileGlob(glob: string): TextTest {
  if (!glob.includes('*')) return (path) => path === glob
  if (glob.startsWith('memfd:')) return compilePattern(glob)
  const segments = (glob.startsWith('*/') ? `/${glob}` : glob).split('/')
  const groups: string[][] = [[]]
  for (const segment of segments) {
    if (segment === CROSSING) groups.push([])
    else (groups[groups.length - 1] as string[]).push(segment)
  }
  return simple(groups) ?? general(groups)
}

/** The common shapes need no segments: a literal before `**`, a literal after it, or both. */
function simple(groups: readonly string[][]): TextTest | undefined {
  if (groups.length !== 2 || groups.flat().some((segment) => segment.includes('*'))) return undefined
  const [before, after] = groups as [string[], string[]]
  const prefix = before.length ? `${before.join('/')}/` : ''
  const suffix = after.length ? `/${after.join('/')}` : ''
  if (!suffix) return (path) => path.length > 0 && path.startsWith(prefix)
  const bare = suffix.slice(1)
  if (!prefix) return (path) => path.endsWith(suffix) || (path.length > 0 && path === bare)
  // The slash after the prefix may be the one before the suffix.
  const least = prefix.length + suffix.length - 1
  return (path) => path.length >= least && path.startsWith(prefix) && path.endsWith(suffix)
}

/** Groups of segments between `**`: the first stands at the start, the last at the end, the others wherever they fit first. */
function general(groups: readonly string[][]): TextTest {
  const tests = groups.map((group) => group.map(compilePattern))
  const first = tests[0] as TextTest[]
  const last = tests[tests.length - 1] as TextTest[]
  const middle = tests.slice(1, -1)
  const head = headOf(groups[0] as string[])
  const openEnd = groups.length > 1 && last.length === 0
  const least = tests.reduce((sum, group) => sum + group.length, openEnd ? 1 : 0)
  return (path) => {
    if (path.length === 0 || !path.startsWith(head)) return false
    const segments = path.split('/')
    if (segments.length < least || !fits(first, segments, 0)) return false
    if (tests.length === 1) return segments.length === first.length
    const end = segments.length - (openEnd ? 1 : last.length)
    if (!openEnd && !fits(last, segments, end)) return false
    let at = first.length
    for (const group of middle) {
      while (at + group.length <= end && !fits(group, segments, at)) at++
      at += group.length
      if (at > end) return false
    }
    return true
  }
}

function fits(group: readonly TextTest[], segments: readonly string[], at: number): boolean {
  for (let i = 0; i < group.length; i++) if (!(group[i] as TextTest)(segments[at + i] as string)) return false
  return true
}

/** Text that every match begins with. */
function headOf(group: readonly string[]): string {
  const text = group.join('/')
  const star = text.indexOf('*')
  return star < 0 ? text : text.slice(0, star)
}
