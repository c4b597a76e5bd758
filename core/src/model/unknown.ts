/**
 * The value of a field that nobody knows. It is never "empty": `container.id === ''` says that the process is known to run on the
 * host, UNKNOWN says that we cannot tell. In JSON it is `null`. Conditions treat it by Kleene's three-valued logic.
 */
export const UNKNOWN: unique symbol = Symbol.for('cws.unknown')
export type Unknown = typeof UNKNOWN

/** Kleene truth value. */
export type Truth = boolean | Unknown

/** Narrows a field's value to a known one. */
export function isKnown<T>(value: T | Unknown): value is T {
  return value !== UNKNOWN
}
