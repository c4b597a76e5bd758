import type { TextBytes } from '@cws/core'

/** Characters that literals are made of. */
const ASCII = 128
/** States whose number, and its complement, fit into 16 bits. */
const SMALL = 1 << 15
/** Letters beyond ASCII that are `k` and `s` where case does not count (Unicode's case folding): the sign for kelvin, and the long s. */
const KELVIN = 0x212a
const LONG_S = 0x17f
const BACKSLASH = 0x5c
const LOWER_X = 0x78
const LOWER_K = 0x6b
const LOWER_S = 0x73

/**
 * Finds which of many literals a text contains, case aside, in one pass over it, however many they are (Aho and Corasick, 1975): a table that
 * says, for each state and character, the next state. Characters that no literal has share one column, and so do both cases of a letter.
 */
export class Automaton {
  readonly #columns = new Uint8Array(ASCII)
  readonly #width: number
  /** The next state by state and column; as its complement, which is negative, where a literal ends. */
  readonly #next: Int32Array | Int16Array
  /** By state: the literal that ends there, -1 if none does; and the state of the next shorter one that ends there too, 0 if there is none. */
  readonly #ends: Int32Array
  readonly #shorter: Int32Array

  /** Literals are of ASCII, in lower case, differ, and none is empty; each is named by its place. */
  constructor(literals: readonly string[]) {
    let width = 1
    let most = 1
    for (const literal of literals) {
      most += literal.length
      for (let i = 0; i < literal.length; i++)
        if (this.#columns[literal.charCodeAt(i)] === 0) this.#columns[literal.charCodeAt(i)] = width++
    }
    for (let upper = 0x41; upper <= 0x5a; upper++) this.#columns[upper] = this.#columns[upper + 0x20] as number
    this.#width = width
    const next = most <= SMALL ? new Int16Array(most * width) : new Int32Array(most * width)
    const ends = new Int32Array(most).fill(-1)
    let states = 1
    for (const [place, literal] of literals.entries()) {
      let state = 0
      for (let i = 0; i < literal.length; i++) {
        const at = state * width + (this.#columns[literal.charCodeAt(i)] as number)
        if (next[at] === 0) next[at] = states++
        state = next[at] as number
      }
      ends[state] = place
    }
    this.#next = next.slice(0, states * width)
    this.#ends = ends.slice(0, states)
    this.#shorter = new Int32Array(states)
    this.#complete(states)
  }

  /** Calls back for each literal, wherever it ends in the text. */
  scan(text: string, onFound: (literal: number) => void): void {
    const next = this.#next
    const columns = this.#columns
    const width = this.#width
    let state = 0
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const letter = code < ASCII ? code : code === KELVIN ? LOWER_K : code === LONG_S ? LOWER_S : undefined
      state = letter === undefined ? 0 : (next[state * width + (columns[letter] as number)] as number)
      if (state < 0) {
        state = ~state
        this.#tell(state, onFound)
      }
    }
  }

  /**
   * The same of bytes from which a text is decoded; `nul` is what a zero byte is in it. False if there are others than ASCII, or an escape is
   * spelled there: then the text alone says what it contains.
   */
  scanBytes({ bytes, start, end, nul }: TextBytes, onFound: (literal: number) => void): boolean {
    const next = this.#next
    const columns = this.#columns
    const width = this.#width
    const nulColumn = nul === 0 ? 0 : (columns[nul] as number)
    let state = 0
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      if (byte >= ASCII || (byte === BACKSLASH && bytes[i + 1] === LOWER_X)) return false
      state = next[state * width + (byte === 0 ? nulColumn : (columns[byte] as number))] as number
      if (state < 0) {
        state = ~state
        this.#tell(state, onFound)
      }
    }
    return true
  }

  #tell(state: number, onFound: (literal: number) => void): void {
    for (let at = state; at !== 0; at = this.#shorter[at] as number) {
      const literal = this.#ends[at] as number
      if (literal >= 0) onFound(literal)
    }
  }

  /** Where no literal goes on, the longest end of what was read that begins one does. By breadth, so that shorter ends are complete already. */
  #complete(states: number): void {
    const next = this.#next
    const width = this.#width
    const ends = this.#ends
    const fallback = new Int32Array(states)
    const queue = new Int32Array(states)
    let last = 0
    for (let column = 1; column < width; column++) if (next[column] !== 0) queue[last++] = next[column] as number
    for (let first = 0; first < last; first++) {
      const state = queue[first] as number
      const shorter = fallback[state] as number
      this.#shorter[state] = (ends[shorter] as number) >= 0 ? shorter : (this.#shorter[shorter] as number)
      for (let column = 1; column < width; column++) {
        const at = state * width + column
        const other = next[shorter * width + column] as number
        if (next[at] === 0) next[at] = other
        else {
          fallback[next[at] as number] = other
          queue[last++] = next[at] as number
        }
      }
    }
    for (let at = 0; at < next.length; at++) {
      const state = next[at] as number
      if ((ends[state] as number) >= 0 || this.#shorter[state] !== 0) next[at] = ~state
    }
  }
}
