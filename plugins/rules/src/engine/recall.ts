import type { Readable, Recurrence } from '@cws/core'
import { readerOf } from './reader.ts'

/** What is remembered of events that recur. Bounded. */
export interface Recall<T> {
  /** `new`: seen so seldom that it is not worth while to remember anything. Undefined: worth while, and nothing is remembered yet. */
  get(event: Readable): T | 'new' | undefined
  /** For the event that `get` was asked of last. */
  set(event: Readable, value: T): void
}

/** A power of two; numbers that share a place push each other out. */
const PLACES = 8192

/** By the number of what recurs. Numbers are given out one after another, so that those that are near in time have places of their own. */
export class ByNumber<T> implements Recall<T> {
  readonly #recurrence: Recurrence
  readonly #worthAfter: number
  readonly #numbers = new Float64Array(PLACES)
  readonly #times = new Uint8Array(PLACES)
  readonly #values: (T | undefined)[] = new Array<T | undefined>(PLACES).fill(undefined)
  #number = 0

  /** `worthAfter`: so often a number comes before it is worth while to remember anything of it. */
  constructor(recurrence: Recurrence, worthAfter: number) {
    this.#recurrence = recurrence
    this.#worthAfter = worthAfter
  }

  get(event: Readable): T | 'new' | undefined {
    const number = this.#recurrence.of(event)
    if (number === 0) return 'new'
    const place = number % PLACES
    this.#number = number
    if (this.#numbers[place] !== number) {
      this.#numbers[place] = number
      this.#values[place] = undefined
      this.#times[place] = 0
    }
    const times = this.#times[place] as number
    if (times >= this.#worthAfter) return this.#values[place]
    this.#times[place] = times + 1
    return 'new'
  }

  set(_event: Readable, value: T): void {
    this.#values[this.#number % PLACES] = value
  }
}

/** Values of the first key field that are remembered; files that rules look at are fewer. */
const MAX_VALUES = 4096
/** After so many events with one first value it is worth while to remember. */
const RECURS = 3
/** Combinations with one first value. */
const MAX_COMBINATIONS = 8
/** Longer texts are not remembered: who makes them up must not fill the memory. */
const MAX_LENGTH = 256

interface Combination<T> {
  readonly values: readonly unknown[]
  readonly value: T
}

/** By the values of fields. */
export class ByValues<T> implements Recall<T> {
  readonly #readers: readonly ((event: Readable) => unknown)[]
  /** By the value of the first field; how often it was seen, while that is seldom. */
  readonly #known = new Map<unknown, Combination<T>[] | number>()

  constructor(fields: readonly string[]) {
    this.#readers = fields.map(readerOf)
  }

  get(event: Readable): T | 'new' | undefined {
    const readers = this.#readers
    const first = (readers[0] as (event: Readable) => unknown)(event)
    let known = this.#known.get(first)
    if (known === undefined) {
      if (isLong(first)) return 'new'
      if (this.#known.size >= MAX_VALUES) this.#known.clear()
      known = 0
    }
    if (typeof known === 'number') {
      this.#known.set(first, known + 1 < RECURS ? known + 1 : [])
      return 'new'
    }
    for (let at = 0; at < known.length; at++) {
      const { values, value } = known[at] as Combination<T>
      let i = 1
      while (i < readers.length && values[i] === (readers[i] as (event: Readable) => unknown)(event)) i++
      if (i >= readers.length) return value
    }
    // What will not be remembered need not be worked out for it.
    return known.length < MAX_COMBINATIONS && !readers.some((read) => isLong(read(event))) ? undefined : 'new'
  }

  set(event: Readable, value: T): void {
    const values = this.#readers.map((read) => read(event))
    const known = this.#known.get(values[0])
    if (Array.isArray(known) && !values.some(isLong)) known.push({ values, value })
  }
}

const isLong = (value: unknown): boolean => typeof value === 'string' && value.length > MAX_LENGTH
