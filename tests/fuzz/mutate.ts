import type { Random } from '../support/seed.ts'

/** Characters that parsers and terminals trip over. */
const CHARACTERS = [
  '\0',
  '\b',
  '\t',
  '\n',
  '\r',
  '\x1b[31m',
  '\x7f',
  '\x85',
  '\u00a0',
  '\u00ad',
  '\u200b',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udc00',
  '😀',
  'İ',
  'ß',
  '"',
  "'",
  '`',
  '\\',
  '/',
  '*',
  '?',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '|',
  '&',
  '!',
  '#',
  '%',
  '@',
  '$',
  ':',
  '-',
  ',',
  '<',
  '>',
  '=',
  '~',
  '^',
  '+',
  '.',
  '0',
  '-1',
  '1e999',
  '9223372036854775808',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '{{',
  '}}',
  '${',
  '%00',
  '../',
]
/** Longest text that mutations make; what is longer is cut. */
const MAX_LENGTH = 200_000

/** A text made of one of these by a few changes: most stay close to what parses, some are far from it. */
export function mutated(corpus: readonly string[], random: Random, words: readonly string[] = []): string {
  let text = random.one(corpus)
  for (let changes = random.below(8); changes > 0; changes--) text = change(text, corpus, random, words).slice(0, MAX_LENGTH)
  return text
}

function change(text: string, corpus: readonly string[], random: Random, words: readonly string[]): string {
  const at = random.below(text.length + 1)
  const to = Math.min(text.length, at + 1 + random.below(random.one([2, 8, 40, 400])))
  const [before, part, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)]
  switch (random.below(9)) {
    case 0:
      return before + after
    case 1:
      return before + part + part + after
    case 2:
      return before + random.one(CHARACTERS) + part + after
    case 3:
      return before + random.one(CHARACTERS) + after
    case 4:
      return words.length > 0 ? `${before} ${random.one(words)} ${part}${after}` : before
    case 5: {
      const other = random.one(corpus)
      const from = random.below(other.length)
      return before + other.slice(from, from + random.below(200)) + after
    }
    case 6:
      return before
    case 7:
      // Deep, or long.
      return (
        before +
        (random.below(2) ? part : random.one(['(', '[', '{', '!', '- ', '[[', '&a ', '*a ', '"', 'a.', ' '])).repeat(
          random.one([3, 100, 20_000]),
        ) +
        after
      )
    default: {
      const other = random.below(text.length + 1)
      return text.slice(0, other) + part + text.slice(other)
    }
  }
}

/** A value as JSON may hold it, nested at most so deep; some keys are those of these words. */
export function anyValue(random: Random, words: readonly string[], depth = 4): unknown {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      return random.one([0, -1, 1, 2 ** 31, 2 ** 53, 1e308, 0.5, -0])
    case 1:
      return random.one([true, false, null])
    case 2:
      return random.one(CHARACTERS)
    case 3:
    case 4:
    case 5:
      return random.one(words)
    case 6:
      return Array.from({ length: random.below(4) }, () => anyValue(random, words, depth - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [
          random.below(8) ? random.one(words) : random.one(CHARACTERS),
          anyValue(random, words, depth - 1),
        ]),
      )
  }
}
