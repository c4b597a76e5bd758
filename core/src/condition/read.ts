import type { Truth } from '../model/unknown.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { Readable, ValueReader } from './ir.ts'

/**
 * Events have a getter for each dotted name, which saves the look-up that `get` makes. All events of a type share one: it is looked up once
 * and called directly.
 */
export function readerOf(field: string): ValueReader {
  let prototype: unknown
  let getter: ((this: Readable) => unknown) | undefined
  return (subject) => {
    const itsPrototype: unknown = Object.getPrototypeOf(subject)
    if (itsPrototype !== prototype) {
      prototype = itsPrototype
      getter = Object.getOwnPropertyDescriptor(prototype, field)?.get
    }
    return getter === undefined ? subject.get(field) : getter.call(subject)
  }
}

/** On arrays: true if some element is; else UNKNOWN if some element is. Lists of ancestors' lists are looked through as one. */
export function anyOf(values: readonly unknown[], test: (value: unknown) => Truth): Truth {
  let truth: Truth = false
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const one = Array.isArray(value) ? anyOf(value, test) : test(value)
    if (one === true) return true
    if (one === UNKNOWN) truth = UNKNOWN
  }
  return truth
}
