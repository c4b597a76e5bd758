import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { SecretRef } from '../../config/secret.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { type Forms, formsOf, MIN_MASKED } from './forms.ts'
import { Mask } from './mask.ts'

const MAX_FILE = 64 * 1024
/** Values remembered a process: rotated ones stay masked. */
const MAX_KNOWN = 256

/** Resolves secrets where they are used and keeps them out of everything that leaves the thread. */
export class Secrets {
  readonly #environment: NodeJS.ProcessEnv
  readonly #known = new Map<string, Forms>()
  #mask: Mask | undefined

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

  /**
   * Replaces every known secret, and those within it, also in base64 and however URLs, forms, JSON and HTML write it; where the text was cut off, also
   * what its end leaves of one. Only there: who may choose a text, and see it masked, would find a secret character by character.
   */
  mask(text: string, { isCut = false }: { readonly isCut?: boolean } = {}): string {
    if (this.#known.size === 0) return text
    this.#mask ??= new Mask(this.#known.values())
    return this.#mask.masked(text, isCut)
  }

  #fromEnvironment(name: string): string {
    const value = this.#environment[name]
    if (value === undefined || value === '')
      throw new CwsError('CWS_ERR_SECRET_MISSING', `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`)
    return value
  }

  #remember(value: string): void {
    if (value.length < MIN_MASKED || this.#known.has(value)) return
    this.#known.set(value, formsOf(value))
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value as string)
    this.#mask = undefined
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
