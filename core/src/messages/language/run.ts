import { CwsError } from '../../errors/cws-error.ts'
import { UNKNOWN } from '../../model/unknown.ts'
import type { Slot, Subject, Value } from '../value.ts'
import type { Branches } from './branches.ts'

/** Times that the bodies of all loops of a template may be written, together. */
const MAX_ITERATIONS = 1000
/** Characters of Markdown, with tokens for values, that a template may make: parsing so much takes some 50 ms at worst. */
const MAX_MARKDOWN = 20_480
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
  /** Conditions and loops go where nobody was yet: to look at all parts of a template. */
  readonly #branches: Branches | undefined
  /** Of the loops that it is in, the innermost last. */
  readonly elements: Element[] = []
  readonly slots: Slot[] = []
  /** Where in the text pieces of the template begin, with the place in the template. */
  readonly places: { readonly text: number; readonly template: number }[] = []
  text = ''
  readonly #nonce: string
  readonly #start = cpuMs()
  #iterations = 0

  constructor(subject: Subject, nonce: string, branches?: Branches) {
    this.subject = subject
    this.#nonce = nonce
    this.#branches = branches
  }

  write(text: string, place: number): void {
    if (this.#branches) this.places.push({ text: this.text.length, template: place })
    this.text += text
    if (this.text.length > MAX_MARKDOWN) over(`makes more than ${MAX_MARKDOWN} characters of Markdown`)
  }

  token(slot: Slot, place: number): void {
    this.write(tokenOf(this.#nonce, this.slots.length), place)
    this.slots.push(slot)
  }

  /** Which of two parts is written: the one if the condition holds. */
  decide(condition: () => boolean, one: number, other: number): boolean {
    return this.#branches ? this.#branches.choose(one, other) : condition()
  }

  /** The elements that a loop goes over. */
  several(elements: readonly Value[], body: number, empty: number): readonly Value[] {
    if (!this.#branches) return elements
    return this.#branches.choose(body, empty) ? [UNKNOWN] : []
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
  throw new CwsError('CWS_ERR_TEMPLATE', `the template ${what}`)
}
