import { compileGlob } from './glob.ts'
import type { Matcher } from './ir.ts'
import { compilePattern, type TextTest } from './pattern.ts'
import { regexOf } from './regex.ts'

/** A test with the text that all it matches begin with. */
interface Headed {
  readonly head: string
  readonly test: TextTest
}

const NONE: readonly TextTest[] = []

/**
 * Compiles the alternatives of a string test. Plain texts are looked up at once; of the others only those are tried whose beginning has the
 * text's first letter (for paths, that after the slash).
 */
export function compileMatchers(any: readonly Matcher[]): TextTest {
  const exact = any.filter((matcher) => matcher.kind === 'exact').map((matcher) => matcher.text)
  const others = any.filter((matcher) => matcher.kind !== 'exact')
  const tests: TextTest[] = []
  if (exact.length === 1) tests.push(compileMatcher({ kind: 'exact', text: exact[0] as string }))
  else if (exact.length > 1) {
    const texts = new Set(exact)
    tests.push((text) => texts.has(text))
  }
  if (others.length > 2) tests.push(byLetter(others.map((matcher) => ({ head: headOf(matcher), test: compileMatcher(matcher) }))))
  else tests.push(...others.map(compileMatcher))
  const [first, second] = tests
  if (!first) return () => false
  return second ? oneOf(tests) : first
}

function compileMatcher(matcher: Matcher): TextTest {
  const { kind, text: wanted } = matcher
  switch (kind) {
    case 'exact':
      return (text) => text === wanted
    case 'pattern':
      return compilePattern(wanted)
    case 'glob':
      return compileGlob(wanted)
    case 'regex': {
      const regex = regexOf(wanted)
      const head = headOf(matcher)
      if (head === '') return (text) => regex.test(text)
      const first = head.charCodeAt(0)
      return (text) => text.charCodeAt(0) === first && text.startsWith(head) && regex.test(text)
    }
  }
}

function oneOf(tests: readonly TextTest[]): TextTest {
  return (text) => {
    for (let i = 0; i < tests.length; i++) if ((tests[i] as TextTest)(text)) return true
    return false
  }
}

function byLetter(headed: readonly Headed[]): TextTest {
  const position = headed.every(({ head }) => head === '' || head.startsWith('/')) ? 1 : 0
  const anywhere = headed.filter(({ head }) => head.length <= position).map(({ test }) => test)
  const byCode = new Map<number, TextTest[]>()
  for (const { head, test } of headed) {
    if (head.length <= position) continue
    const code = head.charCodeAt(position)
    byCode.set(code, [...(byCode.get(code) ?? []), test])
  }
  const rest = anywhere.length > 0 ? oneOf(anywhere) : undefined
  return (text) => {
    const tests = byCode.get(text.charCodeAt(position)) ?? NONE
    for (let i = 0; i < tests.length; i++) if ((tests[i] as TextTest)(text)) return true
    return rest?.(text) ?? false
  }
}

/** Text that all matches begin with, as far as that is plain to see. */
export function headOf({ kind, text }: Matcher): string {
  if (kind === 'exact') return text
  if (kind === 'regex') return headOfRegex(text)
  // A leading `*` segment of a glob stands for the slash before it too.
  const star = text.indexOf('*')
  return star < 0 ? text : text.slice(0, star)
}

/** `^LD_(?:PRELOAD|AUDIT)=` begins with `LD_`. */
function headOfRegex(text: string): string {
  const [, literal = '', next = ''] = /^\^([\w/ :=@%,;~-]*)(.?)/s.exec(text) ?? []
  if (literal === '' || hasBareAlternative(text)) return ''
  return next !== '' && '*+?{'.includes(next) ? literal.slice(0, -1) : literal
}

/** Whether an alternative stands outside of groups; true where that is hard to tell. */
function hasBareAlternative(text: string): boolean {
  if (text.includes('\\Q')) return true
  const bare = text.replace(/\\./gs, '').replace(/\[\^?\]?[^\]]*\]/g, '')
  let depth = 0
  for (const character of bare) {
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === '|' && depth === 0) return true
  }
  return false
}
