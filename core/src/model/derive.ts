import { flagsOf, optionsOf } from './arguments.ts'
import type { Derivation, Derived } from './field.ts'
import { UNKNOWN } from './unknown.ts'

type Derive = (value: unknown) => unknown

const DERIVE: Readonly<Record<Derivation, Derive>> = {
  flags: ofArguments(flagsOf),
  options: ofArguments(optionsOf),
  bytes: ofEach((value) => (typeof value === 'string' ? Buffer.byteLength(value) : UNKNOWN)),
}

/** The full name of the field that the one of this full name is derived from. */
export function sourceOf(name: string, derived: Derived): string {
  if ('same' in derived) return derived.same
  const above = name.slice(0, name.lastIndexOf('.'))
  return above.endsWith(`.${derived.from}`) ? above : `${above}.${derived.from}`
}

/** The value of a derived field, by the value of the one that it is derived from. */
export function derive(derived: Derived, value: unknown): unknown {
  return value === UNKNOWN || 'same' in derived ? value : DERIVE[derived.by](value)
}

/** Of blocks that are repeated the value is a list, one element each. */
function ofEach(derive: Derive): Derive {
  return (value) => (Array.isArray(value) ? value.map(derive) : derive(value))
}

/** Of blocks that are repeated it is a list of lists. */
function ofArguments(derive: (argv: readonly string[]) => readonly string[]): Derive {
  const one: Derive = (argv) => (Array.isArray(argv) && argv.every((text) => typeof text === 'string') ? derive(argv) : UNKNOWN)
  return (value) => (Array.isArray(value) && value.some((element) => typeof element !== 'string') ? value.map(one) : one(value))
}
