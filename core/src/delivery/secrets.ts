import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { SecretRef } from '../config/secret.ts'
import { CwsError } from '../errors/cws-error.ts'

const MAX_FILE = 64 * 1024
/** Shorter values are no secrets, and masking them would make logs unreadable. */
const MIN_MASKED = 4
/** Values remembered a process: rotated ones stay masked. */
const MAX_KNOWN = 256
const MASK = '[secret]'

/** Resolves secrets where they are used and keeps them out of everything that leaves the thread. */
export class Secrets {
  readonly #environment: NodeJS.ProcessEnv
  readonly #known = new Set<string>()
  #forms: RegExp | undefined

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.#environment = environment
  }

  /**
   * The value of a secret now; files are read each time, so that rotation needs no restart.
   * @throws CwsError CWS_ERR_SECRET_MISSING
   */
  resolve(ref: SecretRef): string {
    const value = 'literal' in ref ? ref.literal : 'env' in ref ? this.#fromEnvironment(ref.env) : fromFile(ref.file)
    this.#remember(value)
    return value
  }

  /** Replaces every known secret, also in base64, URL-encoded or JSON-escaped form. */
  mask(text: string): string {
    if (this.#known.size === 0) return text
    this.#forms ??= new RegExp([...this.#known].flatMap(formsOf).sort(longestFirst).map(escapeRegex).join('|'), 'g')
    return text.replace(this.#forms, MASK)
  }

  #fromEnvironment(name: string): string {
    const value = this.#environment[name]
    if (value === undefined || value === '')
      throw new CwsError('CWS_ERR_SECRET_MISSING', `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`)
    return value
  }

  #remember(value: string): void {
    if (value.length < MIN_MASKED || this.#known.has(value)) return
    this.#known.add(value)
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value as string)
    this.#forms = undefined
  }
}

function fromFile(path: string): string {
  const missing = (why: string, cause?: unknown): CwsError =>
    new CwsError('CWS_ERR_SECRET_MISSING', `the secret file ${path} ${why}`, { cause })
  let fd: number
  try {
    // O_NONBLOCK: a FIFO in its place must not hang the thread.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw missing(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error)
  }
  try {
    if (!fstatSync(fd).isFile()) throw missing('is not a regular file')
    const buffer = Buffer.alloc(MAX_FILE + 1)
    let length = 0
    for (let got = -1; got !== 0 && length < buffer.length; length += got) got = readSync(fd, buffer, length, buffer.length - length, null)
    if (length > MAX_FILE) throw missing(`is larger than ${MAX_FILE} bytes`)
    const value = buffer.toString('utf8', 0, length).replace(/[\r\n]+$/, '')
    if (value === '') throw missing('is empty')
    return value
  } finally {
    closeSync(fd)
  }
}

/** The forms in which a secret could show up in a message. */
function formsOf(secret: string): string[] {
  const forms = new Set([secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
  // The prefix of Standard Webhooks secrets is public, what follows is the key.
  if (secret.startsWith('whsec_') && secret.length > 6 + MIN_MASKED) forms.add(secret.slice(6))
  for (const form of base64Forms(secret)) {
    forms.add(form)
    forms.add(form.replaceAll('+', '-').replaceAll('/', '_'))
    forms.add(encodeURIComponent(form))
  }
  return [...forms].filter((form) => form.length >= MIN_MASKED)
}

/** Base64 of the secret, also inside a longer text (as in `Basic` credentials), where it can begin at any of three places. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const inside = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const remainder = (shift + bytes.length) % 3
    // Characters that also encode bits of the neighbours are cut off.
    return encoded.slice(shift === 0 ? 0 : shift + 1, remainder === 0 ? undefined : -1)
  })
  return [bytes.toString('base64'), ...inside]
}

const longestFirst = (a: string, b: string): number => b.length - a.length
const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
