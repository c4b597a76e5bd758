/** Bytes, one a character, and where in the text each was written: `at[i]` is the first byte of what wrote the byte `i`, `at[length]` the end. */
export interface Reading {
  readonly bytes: string
  readonly at: readonly number[]
}

/** How a text writes characters otherwise than as they are. */
interface Spelling {
  /** Also escapes that the text's end cuts off. */
  readonly escapes: RegExp
  /** The bytes that an escape stands for; nothing for one that is cut off. */
  readonly read: (escaped: string) => string
}

/** Such in such, as in JSON that is a string of JSON. */
const DEPTH = 2

export const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')
const character = (code: number): string => (code <= 0x10_ffff ? bytesOf(String.fromCodePoint(code)) : '')

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const SPELLINGS: readonly Spelling[] = [
  // URLs.
  { escapes: /%(?:[0-9a-f]{2}|[0-9a-f]?$)/gi, read: (escaped) => hex(escaped.slice(1), 2) },
  // Forms. A plus alone is none of URLs.
  { escapes: /\+|%(?:[0-9a-f]{2}|[0-9a-f]?$)/gi, read: (escaped) => (escaped === '+' ? ' ' : hex(escaped.slice(1), 2)) },
  // JSON and the languages that write alike: `\/` of PHP, `\'` and `\x2f` of others. What needs two halves comes as two.
  {
    escapes:
      /\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?:\\(?:u[0-9a-fA-F]{0,3})?)?$)|\\u(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{0,3}$)|\\x(?:[0-9a-fA-F]{2}|[0-9a-fA-F]?$)|\\.?/gs,
    read: (escaped) => {
      const kind = escaped.slice(1, 2)
      if (kind === 'u') return unicode(escaped.slice(2).split('\\u'))
      if (kind === 'x') return hex(escaped.slice(2), 2)
      return SHORT[kind] ?? kind
    },
  },
  // HTML.
  {
    escapes: /&(?:#\d{1,7};|#x[0-9a-f]{1,6};|(?:amp|lt|gt|quot|apos);|(?:#x?[0-9a-f]{0,7}|[a-z]{0,4})$)/gi,
    read: (escaped) => {
      if (!escaped.endsWith(';')) return ''
      const name = escaped.slice(1, -1).toLowerCase()
      if (name.startsWith('#x')) return character(Number.parseInt(name.slice(2), 16))
      return name.startsWith('#') ? character(Number(name.slice(1))) : (NAMED[name] ?? '')
    },
  },
]

/** What a text says to whoever reads it as it stands, as part of a URL, a form, JSON or HTML, or as one of these within another. */
export function readingsOf(text: string): readonly Reading[] {
  const bytes = bytesOf(text)
  const readings = new Map<string, Reading>([[bytes, { bytes, at: Array.from({ length: bytes.length + 1 }, (_, i) => i) }]])
  let outer = [...readings.values()]
  for (let depth = 0; depth < DEPTH; depth++) {
    const inner: Reading[] = []
    for (const reading of outer)
      for (const spelling of SPELLINGS) {
        if (reading.bytes.search(spelling.escapes) < 0) continue
        const read = readAs(reading, spelling)
        if (readings.has(read.bytes)) continue
        readings.set(read.bytes, read)
        inner.push(read)
      }
    outer = inner
  }
  return [...readings.values()]
}

function readAs({ bytes, at }: Reading, { escapes, read }: Spelling): Reading {
  let out = ''
  const from: number[] = []
  const copy = (start: number, end: number): void => {
    out += bytes.slice(start, end)
    for (let i = start; i < end; i++) from.push(at[i] as number)
  }
  let done = 0
  for (const { index, 0: escaped } of bytes.matchAll(escapes)) {
    copy(done, index)
    const meant = read(escaped)
    out += meant
    for (let i = 0; i < meant.length; i++) from.push(at[index] as number)
    done = index + escaped.length
  }
  copy(done, bytes.length)
  from.push(at[bytes.length] as number)
  return { bytes: out, at: from }
}

/** `digits` in full, as a byte. */
const hex = (digits: string, length: number): string => (digits.length === length ? String.fromCharCode(Number.parseInt(digits, 16)) : '')

/** Digits of each `\u`: two are the halves of one character, one half alone is none. */
function unicode(digits: readonly string[]): string {
  if (digits.some((each) => each.length !== 4)) return ''
  const text = String.fromCharCode(...digits.map((each) => Number.parseInt(each, 16)))
  return text.isWellFormed() ? bytesOf(text) : ''
}
