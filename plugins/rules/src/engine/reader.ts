import type { Readable } from '@cws/core'

/** Reads one field. Events have a getter for each, which all of a class share: it is looked up once and called directly. */
export function readerOf(field: string): (event: Readable) => unknown {
  let prototype: unknown
  let getter: ((this: Readable) => unknown) | undefined
  return (event) => {
    const itsPrototype: unknown = Object.getPrototypeOf(event)
    if (itsPrototype !== prototype) {
      prototype = itsPrototype
      getter = Object.getOwnPropertyDescriptor(prototype, field)?.get
    }
    return getter === undefined ? event.get(field) : getter.call(event)
  }
}
