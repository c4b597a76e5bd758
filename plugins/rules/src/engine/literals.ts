import type { Matcher } from '@cws/core'
import { literalsOfRegex } from './regex-literals.ts'

/**
 * Texts of ASCII of which each text that the matcher matches contains one, case aside, as long as can be; undefined if there are none. They are
 * what many matchers are looked for with at once.
 */
export function literalsOf(matcher: Matcher): readonly string[] | undefined {
  const others = known.get(matcher)
  if (others !== undefined) return others ?? undefined
  const literals = literalsIn(matcher)
  known.set(matcher, literals ?? null)
  return literals
}

/** Each is asked of again and again: of a rule, its tests, what is left of them; null if it has none. */
const known = new WeakMap<Matcher, readonly string[] | null>()

function literalsIn({ kind, text }: Matcher): readonly string[] | undefined {
  switch (kind) {
    case 'exact':
      return longest([text])
    case 'pattern':
      return longest(text.split('*'))
    case 'glob':
      return longest(piecesOfGlob(text))
    case 'regex':
      return literalsOfRegex(text)
    default:
      return undefined
  }
}

/** A `**` may stand for no segment at all: then the slash after it is the one before it, or there is none. */
function piecesOfGlob(glob: string): string[] {
  if (glob.startsWith('memfd:')) return glob.split('*')
  return glob
    .split('**')
    .map((part, i) => (i > 0 && part.startsWith('/') ? part.slice(1) : part))
    .flatMap((part) => part.split('*'))
}

const PLAIN = /[\0-\x7f]+/g

function longest(pieces: readonly string[]): readonly string[] | undefined {
  const best = pieces.flatMap((piece) => piece.match(PLAIN) ?? []).reduce((a, b) => (b.length >= a.length ? b : a), '')
  return best === '' ? undefined : [best]
}
