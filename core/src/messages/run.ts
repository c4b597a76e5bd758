import { CwsError } from '../errors/cws-error.ts'
import type { Slot, Subject, Value } from './value.ts'

/** Times that the bodies of all loops of a template may be written, together. */
export const MAX_ITERATIONS = 1000
/** Characters of Markdown that a template may make. */
export const MAX_TEXT = 65_536
/** Time of the processor that writing a template may take: a host that is busy elsewhere does not count. */
const MAX_MS = 50

/** An element of the list that a loop is at. */
export interface Element {
  readonly index: number
  readonly length: number
  readonly value: Value
}

/** One writing of a template for a signal: Markdown with tokens, and what the tokens stand for. */
export class Run {
  readonly subject: Subject
  /** Every condition is this; the body of every loop is written at least once. To look at all parts of a template. */
  readonly forced: boolean | undefined
  /** Of the loops that it is in, the innermost last. */
  readonly elements: Element[] = []
  readonly slots: Slot[] = []
  /** Where in the text pieces of the template begin, with the place in the template. */
  readonly places: { readonly text: number; readonly template: number }[] = []
  text = ''
  readonly #nonce: string
  readonly #start = cpuMs()
  #iterations = 0

  constructor(subject: Subject, nonce: string, forced?: boolean) {
    this.subject = subject
    this.#nonce = nonce
    this.forced = forced
  }

  write(text: string, place: number): void {
    if (this.forced !== undefined) this.places.push({ text: this.text.length, template: place })
    this.text += text
    if (this.text.length > MAX_TEXT) over(`makes more than ${MAX_TEXT} characters`)
  }

  token(slot: Slot, place: number): void {
    this.write(tokenOf(this.#nonce, this.slots.length), place)
    this.slots.push(slot)
  }

  decide(condition: boolean): boolean {
    return this.forced ?? condition
  }

  /** To be called before the body of a loop is written once more. */
  iterate(): void {
    if (++this.#iterations > MAX_ITERATIONS) over(`loops more than ${MAX_ITERATIONS} times`)
    if (cpuMs() - this.#start > MAX_MS) over(`takes longer than ${MAX_MS} ms`)
  }
}

/** A word that Markdown takes for one of letters. */
export function tokenOf(nonce: string, index: number): string {
  return `Zq${nonce}x${index}q`
}

/** Of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function over(what: string): never {
  throw new CwsError('CWS_ERR_TEMPLATE', `the template ${what} for this signal`)
}
