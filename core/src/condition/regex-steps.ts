import { CwsError, messageOf } from '../errors/cws-error.ts'
import { tokenize } from './lexer.ts'
import { regexOf } from './regex.ts'

/**
 * Of an expression of so many steps the worst hold on at each character of a text: 64 KiB of arguments, which an attacker chooses, then take about a
 * second. What is compiled has a few times that many instructions at most.
 */
const MAX_STEPS = 2_000
/** A property of Unicode is looked up in a table: it takes as long as so many classes that are written out. */
const PROPERTY_STEPS = 3

/** Why a text cannot be used as a regular expression (RE2); undefined if it can. */
export function problemOfRegex(text: string): string | undefined {
  const steps = stepsOf(text)
  if (steps > MAX_STEPS) return `it repeats too much: written out it has ${steps} steps, and at most ${MAX_STEPS} are possible`
  try {
    regexOf(text)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Steps of all regular expressions in the text of a condition: told by the text, none is compiled. @throws CwsError CWS_ERR_CONDITION for what is no text of one */
export function regexStepsIn(condition: string): number {
  const tokens = tokenize(condition, (_, message) => {
    throw new CwsError('CWS_ERR_CONDITION', message)
  })
  return tokens.reduce((sum, { kind, text }) => sum + (kind === 'regex' ? stepsOf(text) : 0), 0)
}

/** Quoted texts, escapes, classes within classes, counted repetitions, the beginning of a class (a bracket that comes first is one of it), of a group. */
const TOKEN = /\\Q.*?(?:\\E|$)|\\(?:[pPx]\{[^}]*\}|[pP].|.)|\[:\^?\w+:\]|\{(\d+)(?:(,)(\d*))?\}|\[\^?\]?|\((?:\?:)?|./gs

/**
 * About how many steps a regular expression (RE2) has once its counted repetitions are written out, which is how it is compiled: `(?:ab){3}` is
 * `ababab`. It is told by the text alone, for what is to be refused must not be compiled before.
 */
export function stepsOf(source: string): number {
  const outer: number[] = []
  /** Of the innermost group: what stands before the last part, and the last part, which a repetition is of. */
  let before = 0
  let last = 0
  let inClass = false
  for (const [token, least, range, most] of source.matchAll(TOKEN)) {
    if (inClass) {
      inClass = !token.endsWith(']') || token.startsWith('\\') || token.startsWith('[:')
    } else if (least !== undefined) {
      const copies = range === undefined ? Number(least) : Math.max(Number(least), most ? Number(most) : Number(least) + 1)
      // Each copy that may be left out has a step more, to do so.
      last = last * copies + copies - Number(least)
    } else if (token.startsWith('(')) {
      outer.push(before + last)
      before = 0
      last = 0
    } else if (token === ')') {
      last += before + 2
      before = outer.pop() ?? 0
    } else {
      inClass = token.startsWith('[') && !token.startsWith('[:')
      before += last
      last = /^\\[pP]/.test(token) ? PROPERTY_STEPS : 1
    }
  }
  return outer.reduce((sum, one) => sum + one, before + last)
}
