import type { Matcher } from '@cws/core'

/** Characters that stand for themselves in a regular expression, each once: the slash after them too. */
const LITERAL = /^\^((?:\/[\w-]+)+)\/(?![?*{])/

/**
 * The first folder of every path that a matcher can match (`/etc`), or undefined if that can be any. A path of which this is not the first folder
 * cannot be matched.
 */
export function headOfMatcher({ kind, text }: Pick<Matcher, 'kind' | 'text'>): string | undefined {
  const path = kind === 'regex' ? (alternates(text) ? undefined : LITERAL.exec(text)?.[1]) : text
  if (path === undefined) return undefined
  const head = firstFolder(path)
  return head && !head.includes('*') && (kind === 'exact' || kind === 'regex' || path.length > head.length) ? head : undefined
}

/** `/etc` of `/etc/passwd`; undefined of what begins with no slash. */
export function firstFolder(path: string): string | undefined {
  if (path.charCodeAt(0) !== 0x2f) return undefined
  const end = path.indexOf('/', 1)
  return end < 0 ? path : path.slice(0, end)
}

/** Whether a regular expression is, or may be, one of several, none of which alone need hold. */
function alternates(text: string): boolean {
  // Whole texts in quotes, classes within classes: nobody who writes a rule needs them, and they hide where a group begins.
  if (text.includes('\\Q') || text.includes('[:')) return true
  let depth = 0
  let inClass = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (inClass) inClass = char !== ']'
    else if (char === '[') {
      inClass = true
      // A bracket that stands first is one of its characters.
      if (text[i + 1] === '^') i++
      if (text[i + 1] === ']') i++
    } else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === '|' && depth <= 0) return true
  }
  return inClass
}
