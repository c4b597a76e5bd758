/** Whether `*`, any run of characters, makes a pattern match a whole text. Tries every place: what `compilePattern` does at one go. */
export function wildcardMatches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0]
  let [star, resume] = [-1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** The same for paths: `*` stays within a segment; a segment `**` is any number of them, at the end at least one. */
export function globMatches(glob: string, path: string): boolean {
  if (!glob.includes('*')) return path === glob
  if (path === '') return false
  if (glob.startsWith('memfd:')) return wildcardMatches(glob, path)
  const rooted = glob.startsWith('*/') ? `/${glob}` : glob
  return segmentsMatch(rooted.split('/'), path.split('/'))
}

function segmentsMatch([first, ...rest]: readonly string[], segments: readonly string[]): boolean {
  if (first === undefined) return segments.length === 0
  if (first === '**') {
    if (rest.length === 0) return segments.length > 0
    return segments.some((_, skipped) => segmentsMatch(rest, segments.slice(skipped)))
  }
  return segments.length > 0 && wildcardMatches(first, segments[0] as string) && segmentsMatch(rest, segments.slice(1))
}
