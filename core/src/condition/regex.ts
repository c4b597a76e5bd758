import { RE2JS } from 're2js'

/** Expressions that are compiled, as long as somebody has them. */
const known = new Map<string, WeakRef<RE2JS>>()
let sweepAt = 1024

/**
 * Compiles a regular expression (RE2), once for all that use it: what was checked is used a moment later, and rules share expressions. To compile
 * one may cost a millisecond and hundreds of kilobytes.
 * @throws RE2JSSyntaxException for what is none
 */
export function regexOf(text: string): RE2JS {
  const other = known.get(text)?.deref()
  if (other) return other
  const regex = RE2JS.compile(text)
  if (known.size >= sweepAt) sweep()
  known.set(text, new WeakRef(regex))
  return regex
}

function sweep(): void {
  for (const [text, reference] of known) if (reference.deref() === undefined) known.delete(text)
  sweepAt = Math.max(1024, 2 * known.size)
}
