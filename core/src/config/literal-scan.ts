import type { Path } from './problem.ts'

/** Offsets of a key and its value in source text; `end` exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}
export interface Member {
  readonly key: Span
  readonly value: Span
}

/** Templates within templates that are followed: the text of nobody who means well has more. */
const deepestTemplate = 100
/** Characters of a regular expression. A `/` that begins none is looked after for so long, and there may be one in every place. */
const longestRegex = 1024

/**
 * Finds a member of an object or array literal by its path. It reads just enough of JavaScript and TypeScript to be sure: at whatever it
 * does not know (a spread after the key, a computed name, a value that is no literal) it gives up with undefined.
 */
export function findMember(text: string, offset: number, path: Path): Member | undefined {
  let at = skipBlank(text, offset)
  let found: Member | undefined
  for (const step of path) {
    found = typeof step === 'number' ? element(text, at, step) : property(text, at, step)
    if (!found) return undefined
    at = found.value.start
  }
  return found
}

/** Where the argument of a call starts, given the offset of the called name; undefined if no plain call stands there. */
export function argumentOf(text: string, callee: number): number | undefined {
  const name = /^[\w$.]*/.exec(text.slice(callee, callee + 200))?.[0] ?? ''
  const at = skipBlank(text, callee + name.length)
  return name !== '' && text[at] === '(' ? at + 1 : undefined
}

/** Offsets of a word that stands in code, not in comments or strings. */
export function* wordsIn(text: string, word: RegExp): Generator<number> {
  let at = 0
  let before = ''
  while (at < text.length) {
    const next = skipToken(text, at, before)
    if (next === undefined) return
    if (next === at + 1 && /[A-Za-z_$]/.test(text[at] as string)) {
      const name = /^[\w$]+/.exec(text.slice(at, at + 200))?.[0] as string
      if (word.test(name) && before !== '.') yield at
      before = name.at(-1) as string
      at += name.length
      continue
    }
    if (!isBlank(text, at)) before = text[next - 1] as string
    at = next
  }
}

/** Whether a text imports or exports as ES modules do. */
export function hasModuleSyntax(text: string): boolean {
  for (const at of wordsIn(text, /^(?:import|export)$/)) {
    const next = text[skipBlank(text, at + 'import'.length)]
    // `import(…)` is CommonJS too; `{ export: 1 }` is a key.
    if (next !== ':' && !(next === '(' && text.startsWith('import', at))) return true
  }
  return false
}

function property(text: string, open: number, name: string): Member | undefined {
  if (text[open] !== '{') return undefined
  let found: Member | undefined
  for (let at = skipBlank(text, open + 1); text[at] !== '}'; ) {
    if (text.startsWith('...', at)) {
      // What is spread may replace a key before it.
      found = undefined
      at = skipExpression(text, at + 3)
    } else {
      const key = keyAt(text, at)
      if (!key) return undefined
      const after = skipBlank(text, key.end)
      const plain = text[after] === ':'
      if (!plain && !(text[after] === ',' || text[after] === '}' || text[after] === '(')) return undefined
      const start = plain ? skipBlank(text, after + 1) : key.start
      at = plain ? skipExpression(text, start) : text[after] === '(' ? skipExpression(text, after) : after
      if (at === start) return undefined
      if (key.name === name) found = { key, value: { start, end: trimEnd(text, at) } }
    }
    if (text[at] === ',') at = skipBlank(text, at + 1)
    else if (text[at] !== '}') return undefined
  }
  return found
}

function element(text: string, open: number, index: number): Member | undefined {
  if (text[open] !== '[') return undefined
  for (let at = skipBlank(text, open + 1), i = 0; text[at] !== ']'; i++) {
    if (text.startsWith('...', at)) return undefined
    const start = at
    at = skipExpression(text, at)
    if (at === start || (text[at] !== ',' && text[at] !== ']')) return undefined
    if (i === index) {
      const span = { start, end: trimEnd(text, at) }
      return { key: span, value: span }
    }
    if (text[at] === ',') at = skipBlank(text, at + 1)
  }
  return undefined
}

function keyAt(text: string, at: number): (Span & { name: string }) | undefined {
  const first = text[at]
  if (first === '"' || first === "'") {
    const end = skipString(text, at)
    const raw = text.slice(at + 1, end - 1)
    return raw.includes('\\') ? undefined : { start: at, end, name: raw }
  }
  const name = /^[\w$]+/.exec(text.slice(at, at + 200))?.[0]
  return name === undefined ? undefined : { start: at, end: at + name.length, name }
}

/** Where the expression at `at` ends: at a comma or a closing bracket of what surrounds it, or at the end of the text. */
function skipExpression(text: string, at: number, nested = 0): number {
  let depth = 0
  let before = '('
  while (at < text.length) {
    const c = text[at] as string
    if (depth === 0 && (c === ',' || c === '}' || c === ']' || c === ')')) return at
    if (c === '(' || c === '[' || c === '{') depth++
    if (c === ')' || c === ']' || c === '}') depth--
    const next = skipToken(text, at, before, nested)
    if (next === undefined) return text.length
    if (!isBlank(text, at)) before = text[next - 1] as string
    at = next
  }
  return at
}

/** The end of the comment, string, template, regular expression or single character at `at`. `before`: the last character of code. */
function skipToken(text: string, at: number, before: string, nested = 0): number | undefined {
  const c = text[at] as string
  if (c === '"' || c === "'") return skipString(text, at)
  if (c === '`') return skipTemplate(text, at, nested)
  if (c !== '/') return at + 1
  if (text[at + 1] === '/' || text[at + 1] === '*') return skipComment(text, at)
  return before === '' || '(,=:[!&|?{};+-*%<>~^'.includes(before) ? skipRegex(text, at) : at + 1
}

function skipBlank(text: string, at: number): number {
  for (;;) {
    while (at < text.length && /\s/.test(text[at] as string)) at++
    if (!(text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*'))) return at
    at = skipComment(text, at)
  }
}

function isBlank(text: string, at: number): boolean {
  return /\s/.test(text[at] as string) || (text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*'))
}

function skipComment(text: string, at: number): number {
  const end = text[at + 1] === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2)
  return end < 0 ? text.length : text[at + 1] === '/' ? end : end + 2
}

function skipString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[at] || text[i] === '\n') return i + 1
  }
  return text.length
}

function skipTemplate(text: string, at: number, nested: number): number {
  if (nested > deepestTemplate) return text.length
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '`') return i + 1
    else if (text[i] === '$' && text[i + 1] === '{') {
      i = skipExpression(text, i + 2, nested + 1)
      if (text[i] !== '}') return text.length
    }
  }
  return text.length
}

function skipRegex(text: string, at: number): number {
  let inClass = false
  const end = Math.min(text.length, at + longestRegex)
  for (let i = at + 1; i < end && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '[') inClass = true
    else if (text[i] === ']') inClass = false
    else if (text[i] === '/' && !inClass) return i + 1
  }
  return at + 1
}

function trimEnd(text: string, end: number): number {
  while (end > 0 && /\s/.test(text[end - 1] as string)) end--
  return end
}
