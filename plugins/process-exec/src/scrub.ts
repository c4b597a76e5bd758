import type { Redactor } from '@cws/core'
import { RE2JS } from 're2js'
import { FORMS, JSON_MEMBER, mayHoldSecret } from './secret-forms.ts'
import { isSecretName, wordsMatcher } from './secret-names.ts'

const MASK = '***'
/** Programs whose `-p` takes a password, in the same argument or the next. */
const DASH_P = new Set([
  'mysql',
  'mysqldump',
  'mysqladmin',
  'mysqlimport',
  'mysqlshow',
  'mariadb',
  'mariadb-dump',
  'mariadb-admin',
  'sshpass',
])
/** sshpass takes its password as the next argument too; the mysql family asks for it then. */
const DASH_P_NEXT = new Set(['sshpass'])
/** Options that take `user:password`. */
const USER_OPTIONS = new Set(['-u', '--user', '--proxy-user'])
/** `uid:gid` is no secret. */
const IDS = /^\d{1,10}:\d{1,10}$/

export interface ScrubOptions {
  readonly enabled: boolean
  readonly words: readonly string[]
  readonly patterns: readonly string[]
}

/** Command lines whose scrubbed form is remembered: an event shows each several times, and ancestors recur. */
const MAX_KNOWN = 256
const MAX_KNOWN_LENGTH = 1024

/** Replaces secrets in command lines and environments. Never changes what is compared by rules: only what leaves. */
export class Scrubber {
  readonly #isSecret: (name: string) => boolean
  readonly #known = new Map<string, { readonly list: readonly string[]; readonly scrubbed: readonly string[] }>()
  readonly #patterns: readonly RE2JS[]

  /** @throws Error of re2js if a pattern is no RE2 expression. */
  constructor(options: ScrubOptions) {
    const more = wordsMatcher(options.words)
    this.#isSecret = (name) => isSecretName(name) || more(name)
    this.#patterns = options.patterns.map((pattern) => RE2JS.compile(pattern))
  }

  /** A command line in one text; `program` is the name that it was called by, if known. */
  text(text: string, program = ''): string {
    return this.list([text], program)[0] as string
  }

  /** Arguments one by one, or `NAME=value` pairs. A secret may stand in the argument after its name. */
  list(list: readonly string[], program = ''): readonly string[] {
    if (list.length === 0) return list
    const key = `${program}\0${list.join('\0')}`
    const known = this.#known.get(key)
    if (known?.list.length === list.length && known.list.every((argument, i) => argument === list[i])) return known.scrubbed
    const scrubbed = Object.freeze(this.#scrub(list, program))
    if (key.length > MAX_KNOWN_LENGTH) return scrubbed
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, { list, scrubbed })
    return scrubbed
  }

  #scrub(list: readonly string[], program: string): string[] {
    const line = new CommandLine(this.#isSecret, program)
    return list.map((argument) => this.#byForm(line.scrub(argument)))
  }

  #byForm(text: string): string {
    let out = text
    if (mayHoldSecret(text)) {
      for (const form of FORMS) out = out.replace(form, (_, kept: string) => kept + MASK)
      out = out.replace(JSON_MEMBER, (whole, kept: string, name: string) => (this.#isSecret(name) ? kept + MASK : whole))
    }
    for (const pattern of this.#patterns) out = replaceMatches(pattern, out)
    return out
  }
}

function replaceMatches(pattern: RE2JS, text: string): string {
  const matcher = pattern.matcher(text)
  let out = ''
  let done = 0
  while (matcher.find()) {
    const group = matcher.groupCount() > 0 && matcher.group(1) !== null ? 1 : 0
    const start = matcher.start(group)
    const end = matcher.end(group)
    if (end <= start || start < done) continue
    out += text.slice(done, start) + MASK
    done = end
  }
  return out + text.slice(done)
}

/** Goes through the words of a command line, in one argument or several, and remembers whether the next word is a secret. */
class CommandLine {
  readonly #isSecret: (name: string) => boolean
  #program: string
  #next: 'keep' | 'mask' | 'maskPassword' = 'keep'

  constructor(isSecret: (name: string) => boolean, program: string) {
    this.#isSecret = isSecret
    this.#program = program.slice(program.lastIndexOf('/') + 1)
  }

  scrub(argument: string): string {
    if (this.#next === 'mask') {
      this.#next = 'keep'
      return argument === '' ? '' : MASK
    }
    let out = ''
    let at = 0
    while (at < argument.length) {
      const end = wordEnd(argument, at)
      out += end === at ? (argument[at] as string) : this.#word(argument.slice(at, end))
      at = Math.max(end, at + 1)
    }
    return out
  }

  #word(word: string): string {
    const next = this.#next
    this.#next = 'keep'
    if (next === 'mask') return MASK
    // What looks like an option is one, whatever stands before it.
    if (next === 'maskPassword' && !word.startsWith('-')) {
      const masked = maskPassword(word)
      return masked === word ? this.#assignments(word) : masked
    }
    if (word.startsWith('-')) return this.#option(word)
    const name = word.slice(word.lastIndexOf('/') + 1)
    if (DASH_P.has(name)) this.#program = name
    return this.#assignments(word)
  }

  #option(word: string): string {
    if (word.startsWith('-p') && DASH_P.has(this.#program)) {
      if (word.length > 2) return word.startsWith('--') ? this.#assignments(word) : `-p${MASK}`
      if (DASH_P_NEXT.has(this.#program)) this.#next = 'mask'
      return word
    }
    if (USER_OPTIONS.has(word)) this.#next = 'maskPassword'
    else if (word.startsWith('--user=') || word.startsWith('--proxy-user=')) return maskPassword(word)
    if (!word.includes('=') && !word.includes(':') && this.#isSecret(word.replace(/^-{1,2}/, ''))) this.#next = 'mask'
    return this.#assignments(word)
  }

  /** `name=value`, also several joined by `&`, `;`, `?` or commas; `name:value` for options and JSON. */
  #assignments(word: string): string {
    let out = ''
    let start = 0
    for (let at = 0; at < word.length; at++) {
      const c = word[at] as string
      if (c === '&' || c === ';' || c === '?' || c === ',' || c === '{') {
        out += word.slice(start, at + 1)
        start = at + 1
      } else if ((c === '=' || c === ':') && this.#isSecret(word.slice(start, at))) {
        const end = valueEnd(word, at + 1)
        out += word.slice(start, at + 1)
        if (end > at + 1) out += MASK
        else if (c === ':') this.#next = 'mask'
        start = end
        at = end - 1
      } else if (c === '=' || c === ':') {
        out += word.slice(start, at + 1)
        start = at + 1
      }
    }
    return out + word.slice(start)
  }
}

/** `user:password` → `user:***`. */
function maskPassword(word: string): string {
  const colon = word.indexOf(':')
  return colon < 0 || IDS.test(word) ? word : `${word.slice(0, colon + 1)}${MASK}`
}

/** Where the word that begins here ends: words are parted by blanks and quotes. */
function wordEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && !' \t\n\r\'"`'.includes(text[at] as string)) at++
  return at
}

/** A value ends where the next assignment could begin. */
function valueEnd(word: string, start: number): number {
  let at = start
  while (at < word.length && !'&;,}'.includes(word[at] as string)) at++
  return at
}

/** How each field that may hold secrets is changed before it leaves, by its name. */
export function redactions(scrubber: Scrubber): Readonly<Record<string, Redactor>> {
  const text = (value: unknown, program?: unknown) => (typeof value === 'string' ? scrubber.text(value, asText(program)) : value)
  const list = (value: unknown, program?: unknown) => (isTexts(value) ? scrubber.list(value, asText(program)) : value)
  const all: Record<string, Redactor> = {}
  const block = (names: readonly string[], argv0: (event: { get(field: string): unknown }) => unknown) => {
    const ofBlock: Readonly<Record<string, Redactor>> = {
      args: (value, event) => text(value, argv0(event)),
      argv: (value, event) => list(value, argv0(event)),
      argv0: (value) => text(value),
      envs: (value) => list(value),
      envp: (value) => list(value),
    }
    for (const name of names) for (const [field, redact] of Object.entries(ofBlock)) all[`${name}.${field}`] = redact
  }
  // One for both, since of an exec both blocks say the same.
  block(['exec', 'process'], (event) => {
    const own = event.get('exec.argv0')
    return typeof own === 'string' ? own : event.get('process.argv0')
  })
  block(['process.parent'], (event) => event.get('process.parent.argv0'))
  // The same for ancestors: one element each, whose program is the element of argv0 at the same place.
  for (const field of ['args', 'argv', 'argv0', 'envs', 'envp'] as const) {
    const one = field === 'args' || field === 'argv0' ? text : list
    all[`process.ancestors.${field}`] = (value, event) => {
      if (!Array.isArray(value)) return value
      const programs = event.get('process.ancestors.argv0')
      return value.map((element, i) => one(element, Array.isArray(programs) ? programs[i] : undefined))
    }
  }
  return all
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
