import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { fieldNamesIn } from './analyse.ts'
import type { Surroundings } from './environment.ts'
import type { Condition, Predicate, Readable, ValueReader } from './ir.ts'
import { readerOf } from './read.ts'
import { isNumber } from './scalar-tests.ts'

/** Elements that are tried: as many as there are ancestors at most. Of more nobody knows. */
export const MAX_ELEMENTS = 128

type Some = Extract<Condition, { readonly op: 'some' }>

/** One element of a list, and all else of the event that has it. */
class Element implements Readable {
  /** By name within the condition: `process.ancestors[].comm`. */
  readonly #readers: ReadonlyMap<string, ValueReader>
  readonly #lists = new Map<string, unknown>()
  event: Readable | undefined
  index = 0

  constructor(over: string, fields: Iterable<string>) {
    const prefix = `${over}[].`
    const own = [...fields].filter((field) => field.startsWith(prefix))
    this.#readers = new Map(own.map((field) => [field, readerOf(`${over}.${field.slice(prefix.length)}`)]))
  }

  get(field: string): unknown {
    const read = this.#readers.get(field)
    if (!read) return (this.event as Readable).get(field)
    const list = this.#list(field, read)
    const value: unknown = Array.isArray(list) ? list[this.index] : UNKNOWN
    return value === undefined ? UNKNOWN : value
  }

  /** Whether some list has more elements than are counted: it was cut, and what stood there nobody knows. */
  isCut(length: number | bigint): boolean {
    for (const [field, read] of this.#readers) {
      const list = this.#list(field, read)
      if (Array.isArray(list) && list.length > length) return true
    }
    return false
  }

  #list(field: string, read: ValueReader): unknown {
    let list = this.#lists.get(field)
    if (list === undefined) {
      list = read(this.event as Readable)
      this.#lists.set(field, list)
    }
    return list
  }

  /** `index`: the element. */
  enter(event: Readable | undefined, index = 0): void {
    this.event = event
    this.index = index
    this.#lists.clear()
  }
}

/** True if `of` is for some element of the list. A list that is longer than its `length` says ends in what nobody knows. */
export function compileSome(
  { over, of }: Some,
  surroundings: Surroundings,
  compile: (condition: Condition, surroundings: Surroundings) => Predicate,
): Predicate {
  const readLength = readerOf(`${over}.length`)
  const element = new Element(over, fieldNamesIn(of))
  // Variables belong to the event, whichever element is looked at.
  const variable = (name: string): ValueReader | undefined => {
    const read = surroundings.variable?.(name)
    return read && ((subject) => read(subject instanceof Element ? (subject.event as Readable) : subject))
  }
  const holds = compile(of, { variable })
  return (subject) => {
    const length = readLength(subject)
    if (!isNumber(length)) return UNKNOWN
    let truth: Truth = length > MAX_ELEMENTS ? UNKNOWN : false
    // While a field is read another event may come to be judged by the same test.
    const { event, index } = element
    element.enter(subject)
    try {
      for (; element.index < length && element.index < MAX_ELEMENTS; element.index++) {
        const one = holds(element)
        if (one === true) return true
        if (one === UNKNOWN) truth = UNKNOWN
      }
      // One whose fields nobody knows may be there, or none: no more than UNKNOWN comes of it.
      return truth === false && element.isCut(length) && holds(element) !== false ? UNKNOWN : truth
    } finally {
      element.enter(event, index)
    }
  }
}
