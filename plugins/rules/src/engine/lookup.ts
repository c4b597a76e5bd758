import type { Field, Readable } from '@cws/core'
import { Automaton } from './automaton.ts'
import type { Key } from './demand.ts'
import { readerOf } from './reader.ts'

/**
 * Which of the keys that rules demand of one field its value is or contains. Keys have numbers, from 0. Of a value that comes again in the next
 * event the same is known at once.
 */
export class Lookup {
  readonly field: string
  readonly #read: (event: Readable) => unknown
  readonly #isKnown: (value: unknown) => boolean
  readonly #whole = new Map<unknown, number>()
  readonly #parts = new Map<string, number>()
  #keyOfPart: number[] = []
  #automaton: Automaton | undefined
  #keys = 0
  #last: unknown = NOTHING
  #lastIsKnown = false
  /** Keys that the last value fulfils, in its first `count` places. */
  found: number[] = []
  count = 0
  /** By key: the last reading that found it. */
  #seen = new Float64Array(0)
  #reading = 0
  readonly #onPart = (part: number) => this.#find(this.#keyOfPart[part] as number)

  constructor(name: string, { field: kind }: Field) {
    this.field = name
    this.#read = readerOf(name)
    this.#isKnown =
      kind === 'string' || kind === 'path'
        ? (value) => typeof value === 'string'
        : kind === 'bool'
          ? (value) => typeof value === 'boolean'
          : (value) => typeof value === 'number' || typeof value === 'bigint'
  }

  /** The number of a key, for all rules the same. */
  add(key: Key): number {
    const known = this.numberOf(key)
    if (known !== undefined) return known
    if ('part' in key) this.#parts.set(key.part, this.#keys)
    else this.#whole.set(plain(key.whole), this.#keys)
    return this.#keys++
  }

  numberOf(key: Key): number | undefined {
    return 'part' in key ? this.#parts.get(key.part) : this.#whole.get(plain(key.whole))
  }

  /** No key comes any more. */
  build(): void {
    this.#keyOfPart = [...this.#parts.values()]
    if (this.#parts.size > 0) this.#automaton = new Automaton([...this.#parts.keys()])
    this.#seen = new Float64Array(this.#keys)
  }

  /** Looks the event's value up: `found` then says the keys. False if nobody knows the value, or some of its elements. */
  read(event: Readable): boolean {
    const value = this.#read(event)
    if (value === this.#last) return this.#lastIsKnown
    this.#last = value
    this.#reading++
    this.count = 0
    this.#lastIsKnown = this.#lookUp(value)
    return this.#lastIsKnown
  }

  #lookUp(value: unknown): boolean {
    if (!Array.isArray(value)) return this.#lookUpOne(value)
    for (let i = 0; i < value.length; i++) if (!this.#lookUpOne(value[i])) return false
    return true
  }

  #lookUpOne(value: unknown): boolean {
    if (!this.#isKnown(value)) return false
    const whole = this.#whole.get(plain(value))
    if (whole !== undefined) this.#find(whole)
    if (this.#automaton !== undefined) this.#automaton.scan(value as string, this.#onPart)
    return true
  }

  #find(key: number): void {
    if (this.#seen[key] === this.#reading) return
    this.#seen[key] = this.#reading
    this.found[this.count++] = key
  }
}

/** Equal to no value. */
const NOTHING = Symbol('nothing')

/** A number may come as number or as bigint, whichever its source makes. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' && value <= MAX && value >= -MAX ? Number(value) : value
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER)
