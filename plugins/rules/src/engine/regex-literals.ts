/** Alternatives beyond which an expression is no longer looked for by its literals. */
const MAX_ALTERNATIVES = 64
/** Escapes of classes and of places: they end a literal, and stand for nothing that is not ASCII or is. */
const CLASSES = 'bBAzdDwWsSntrfv'
const PUNCTUATION = /[!-/:-@[-`{-~]/
/** What a dot and the ends of a line are says nothing of letters; of case the literals say nothing. */
const FLAGS = /^\(\?[ism]+\)/
const GROUP_FLAGS = /^\?[ism]*:/
const QUANTIFIER = /(?:[*?+]|\{(\d+)(?:,\d*)?\})\??/y
const QUANTIFIES = '*?+{'

/** What is not understood is not guessed at. */
class Unclear extends Error {}

/**
 * Texts of which each text that a regular expression (RE2) finds contains one, case aside; undefined if there are none, or the expression has
 * forms that are seldom used: flags that are set midway or taken back, classes of Unicode, octal and hexadecimal codes, quoted texts.
 */
export function literalsOfRegex(source: string): readonly string[] | undefined {
  let at = FLAGS.exec(source)?.[0].length ?? 0

  function alternatives(depth: number): readonly string[] | undefined {
    const all: (readonly string[] | undefined)[] = [sequence(depth)]
    while (source[at] === '|') {
      at++
      all.push(sequence(depth))
    }
    if (!all.every((one) => one !== undefined)) return undefined
    const texts = [...new Set(all.flat())]
    return texts.length <= MAX_ALTERNATIVES ? texts : undefined
  }

  function sequence(depth: number): readonly string[] | undefined {
    let best: readonly string[] | undefined
    let run = ''
    const end = () => {
      if (run !== '') best = better(best, [run])
      run = ''
    }
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      const atom = next(depth)
      const [quantifier, least] = quantifierAt(at)
      if (quantifier === undefined && source[at] === '{') throw new Unclear()
      at += quantifier?.length ?? 0
      const optional = quantifier !== undefined && (least === undefined ? quantifier[0] !== '+' : Number(least) === 0)
      if (typeof atom === 'string' && !optional) run += atom
      if (typeof atom !== 'string' || quantifier !== undefined) end()
      if (Array.isArray(atom) && !optional) best = better(best, atom)
    }
    end()
    return best
  }

  function quantifierAt(place: number): readonly (string | undefined)[] {
    if (place >= source.length || !QUANTIFIES.includes(source[place] as string)) return []
    QUANTIFIER.lastIndex = place
    return QUANTIFIER.exec(source) ?? []
  }

  /** A character that stands for itself; the literals of a group; else what none are known of. */
  function next(depth: number): string | readonly string[] | undefined {
    const char = source[at++] as string
    if (char === '(') return group(depth)
    if (char === '[') return skipClass()
    if (char === '.' || char === '^' || char === '$') return undefined
    if ('*+?{'.includes(char)) throw new Unclear()
    if (char !== '\\') return char < '\x80' ? char : undefined
    const escaped = source[at++] ?? ''
    if (PUNCTUATION.test(escaped)) return escaped
    if (escaped === '' || !CLASSES.includes(escaped)) throw new Unclear()
    return undefined
  }

  function group(depth: number): readonly string[] | undefined {
    if (depth > 20) throw new Unclear()
    if (source[at] === '?') {
      const flags = GROUP_FLAGS.exec(source.slice(at, at + 8))?.[0]
      if (flags === undefined) throw new Unclear()
      at += flags.length
    }
    const inner = alternatives(depth + 1)
    if (source[at++] !== ')') throw new Unclear()
    return inner
  }

  function skipClass(): undefined {
    if (source[at] === '^') at++
    if (source[at] === ']') at++
    for (; source[at] !== ']'; at++) {
      if (at >= source.length || source[at] === '[') throw new Unclear()
      if (source[at] === '\\') {
        at++
        if (source[at] === 'Q') throw new Unclear()
      }
    }
    at++
  }

  try {
    const found = alternatives(0)
    return at === source.length ? found : undefined
  } catch (error) {
    if (error instanceof Unclear) return undefined
    throw error
  }
}

function better(a: readonly string[] | undefined, b: readonly string[]): readonly string[] {
  return a !== undefined && shortest(a) >= shortest(b) ? a : b
}

const shortest = (texts: readonly string[]) => Math.min(...texts.map((text) => text.length))
