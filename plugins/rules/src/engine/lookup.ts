import type { Field, Readable, TextBytes } from '@cws/core'
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
  readonly #bytesOf: ((event: Readable) => TextBytes | undefined) | undefined
  readonly #isArray: boolean
  readonly #isKnown: (value: unknown) => boolean
  readonly #whole = new Map<unknown, number>()
  readonly #parts = new Map<string, number>()
  /** Characters of all parts. */
  #characters = 0
  /** The key of all parts that are not looked for: any value may contain one of them. */
  #beyond: number | undefined
  /** By length in characters, whether a whole text has it; the last place is for that length and all above. */
  readonly #characterLengths = new Uint8Array(TOLD_APART)
  /** Of whole texts, in bytes. */
  readonly #lengths = new Set<number>()
  /** Some whole text may be spelled with escapes, of bytes that are fewer. */
  #isEscaped = false
  #keyOfPart: number[] = []
  #automaton: Automaton | undefined
  #keys = 0
  #last: unknown = NOTHING
  #lastIsKnown = false
  readonly #turn: Turn
  /** The turn in which the value was read last, and whether it was known. */
  #readIn = Number.NaN
  #isKnownNow = false
  /** Keys that the last value fulfils, in its first `count` places. */
  found: readonly number[] = []
  count = 0
  readonly #finding: number[] = []
  readonly #recent: Recent[] = []
  #oldest = 0
  /** By key: the last reading that found it. */
  #seen = new Float64Array(0)
  #reading = 0
  readonly #onPart = (part: number) => this.#find(this.#keyOfPart[part] as number)

  /** `bytesOf`: where the field's value is decoded from, if the feed tells. */
  constructor(
    name: string,
    { field: kind, array }: Field,
    bytesOf: ((event: Readable) => TextBytes | undefined) | undefined,
    turn: Turn = { number: Number.NaN },
  ) {
    this.field = name
    this.#turn = turn
    this.#bytesOf = bytesOf
    this.#isArray = array
    this.#read = readerOf(name)
    this.#isKnown =
      kind === 'string' || kind === 'path'
        ? (value) => typeof value === 'string'
        : kind === 'bool'
          ? (value) => typeof value === 'boolean'
          : (value) => typeof value === 'number' || typeof value === 'bigint'
  }

  /** Costs less than one test of the value does. */
  get isCheap(): boolean {
    return this.#bytesOf !== undefined
  }

  /** The number of a key, for all rules the same. Parts beyond what there is memory for share one, which is always found. */
  add(key: Key): number {
    const known = this.numberOf(key)
    if (known !== undefined) return known
    if ('part' in key) {
      if (this.#characters + key.part.length > MAX_CHARACTERS) {
        this.#beyond ??= this.#keys++
        return this.#beyond
      }
      this.#characters += key.part.length
      this.#parts.set(key.part, this.#keys)
    } else this.#whole.set(plain(key.whole), this.#keys)
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
    for (const text of this.#whole.keys()) {
      this.#lengths.add(Buffer.byteLength(String(text)))
      this.#characterLengths[Math.min(String(text).length, TOLD_APART - 1)] = 1
      if (String(text).includes('\\x')) this.#isEscaped = true
    }
  }

  /** Looks the event's value up, once a turn: `found` then says the keys. False if nobody knows the value, or some of its elements. */
  read(event: Readable): boolean {
    if (this.#readIn === this.#turn.number) return this.#isKnownNow
    this.#isKnownNow = this.#readValue(event)
    this.#readIn = this.#turn.number
    return this.#isKnownNow
  }

  /** Whether the event's value fulfils one of the keys; true if nobody knows. */
  finds(keys: ReadonlySet<number>, event: Readable): boolean {
    if (!this.read(event)) return true
    for (let i = 0; i < this.count; i++) if (keys.has(this.found[i] as number)) return true
    return false
  }

  #readValue(event: Readable): boolean {
    const undecoded = this.#bytesOf?.(event)
    if (undecoded !== undefined && this.#lookUpBytes(undecoded)) return true
    const value = this.#read(event)
    if (value === this.#last) return this.#lastIsKnown
    this.#start()
    this.#lastIsKnown = Array.isArray(value) ? this.#recall(value) : this.#lookUp(value)
    this.#last = value
    return this.#lastIsKnown
  }

  #start(): void {
    this.#last = NOTHING
    this.#reading++
    this.found = this.#finding
    this.count = 0
    if (this.#beyond !== undefined) this.#find(this.#beyond)
  }

  /** Lists that recur are long, such as environments, and the same objects. */
  #recall(list: readonly unknown[]): boolean {
    const recent = this.#recent
    for (let i = 0; i < recent.length; i++) {
      const { value, isKnown, keys } = recent[i] as Recent
      if (value !== list) continue
      this.found = keys
      this.count = keys.length
      return isKnown
    }
    let isKnown = true
    for (let i = 0; i < list.length && isKnown; i++) isKnown = this.#lookUp(list[i])
    recent[this.#oldest] = { value: list, isKnown, keys: this.found.slice(0, this.count) }
    this.#oldest = (this.#oldest + 1) % RECENT
    return isKnown
  }

  /** False if the text itself must be looked at. */
  #lookUpBytes(text: TextBytes): boolean {
    if (this.#isEscaped) return false
    const length = text.end - text.start
    if (this.#lengths.size > 0 && (this.#isArray || (length > 0 && this.#lengths.has(length)))) return false
    this.#start()
    if (length === 0 && !this.#isArray) return this.#lookUp('')
    return this.#automaton === undefined || this.#automaton.scanBytes(text, this.#onPart)
  }

  #lookUp(value: unknown): boolean {
    if (!this.#isKnown(value)) return false
    if (typeof value !== 'string' || this.#hasLength(value.length)) {
      const whole = this.#whole.get(plain(value))
      if (whole !== undefined) this.#find(whole)
    }
    if (this.#automaton !== undefined) this.#automaton.scan(value as string, this.#onPart)
    return true
  }

  /** To look up a text that was never seen costs its hash; hardly one has the length of one that is wanted. */
  #hasLength(length: number): boolean {
    return this.#characterLengths[length < TOLD_APART ? length : TOLD_APART - 1] === 1
  }

  #find(key: number): void {
    if (this.#seen[key] === this.#reading) return
    this.#seen[key] = this.#reading
    this.#finding[this.count++] = key
  }
}

/** Says which event is judged: its number is another for the next one. */
export interface Turn {
  readonly number: number
}

/** What was found for a list. */
interface Recent {
  readonly value: readonly unknown[]
  readonly isKnown: boolean
  readonly keys: readonly number[]
}

/** Of the parts of one field. Each costs the automaton a row of up to 129 numbers: 64 MiB at most. */
const MAX_CHARACTERS = 1 << 17
/** Lengths of texts that are told apart. */
const TOLD_APART = 256
/** So many lists are remembered. */
const RECENT = 8
/** Equal to no value. */
const NOTHING = Symbol('nothing')

/** A number may come as number or as bigint, whichever its source makes. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' && value <= MAX && value >= -MAX ? Number(value) : value
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER)
