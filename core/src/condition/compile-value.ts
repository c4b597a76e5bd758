import { randomUUID } from 'node:crypto'
import { UNKNOWN } from '../model/unknown.ts'
import { calculate } from './arithmetic.ts'
import type { Surroundings } from './environment.ts'
import type { Arithmetic, Condition, Literal, Predicate, Readable, Value, ValueReader } from './ir.ts'
import { literalOf } from './operand.ts'
import { readerOf } from './read.ts'
import { rootDomain } from './root-domain.ts'
import { isNumber } from './scalar-tests.ts'

type Compile = (condition: Condition, surroundings: Surroundings) => Predicate

/** Compiles a value to a reader of it. `compile` compiles the conditions within. */
export function compileValue(value: Value, surroundings: Surroundings, compile: Compile): ValueReader {
  const read = (part: Value): ValueReader => compileValue(part, surroundings, compile)
  switch (value.value) {
    case 'literal':
    case 'list': {
      const { of } = value
      return () => of
    }
    case 'field':
      return readerOf(value.field)
    case 'element':
      return element(readerOf(value.field), value.index, value.zero)
    case 'length':
      return length(read(value.of))
    case 'root_domain':
      return eachText(read(value.of), rootDomain)
    case 'variable':
      return readerOfVariable(value.name, surroundings)
    case 'arithmetic':
      return arithmetic(value.op, read(value.left), read(value.right))
    case 'unary': {
      const apply = value.op === '-' ? (of: bigint) => -of : (of: bigint) => ~of
      const of = read(value.of)
      return (subject) => eachNumber(of(subject), (number) => literalOf(BigInt.asIntN(64, apply(BigInt(number)))))
    }
    case 'text':
      return text(value.of.map(read))
    case 'truth':
      return compile(value.of, surroundings)
    case 'age':
      return age(read(value.of))
  }
}

function element(read: ValueReader, index: number, zero: Literal): ValueReader {
  return (subject) => {
    const values = read(subject)
    if (!Array.isArray(values)) return UNKNOWN
    const flat = flattened(values)
    return index < flat.length ? flat[index] : zero
  }
}

function length(read: ValueReader): ValueReader {
  return (subject) => {
    const value = read(subject)
    if (typeof value === 'string') return Buffer.byteLength(value)
    return Array.isArray(value) ? flattened(value).length : UNKNOWN
  }
}

function eachText(read: ValueReader, of: (text: string) => string): ValueReader {
  const one = (value: unknown): unknown => (typeof value === 'string' ? of(value) : UNKNOWN)
  return (subject) => {
    const value = read(subject)
    return Array.isArray(value) ? flattened(value).map(one) : one(value)
  }
}

/** Lists of ancestors' lists are one list. */
function flattened(values: readonly unknown[]): readonly unknown[] {
  return values.some(Array.isArray) ? values.flat() : values
}

/** A variable of the surroundings, or the one that is always there. */
export function readerOfVariable(name: string, surroundings: Surroundings): ValueReader {
  const read = surroundings.variable?.(name)
  if (read) return read
  return name === 'builtins.uuid4' ? () => randomUUID() : () => UNKNOWN
}

function arithmetic(op: Arithmetic, left: ValueReader, right: ValueReader): ValueReader {
  const apply = (a: number | bigint, b: number | bigint): number | bigint => {
    // Sums of two safe integers that are safe are exact; all else goes through 64 bits.
    if (typeof a === 'number' && typeof b === 'number' && (op === '+' || op === '-')) {
      const sum = op === '+' ? a + b : a - b
      if (Number.isSafeInteger(sum)) return sum
    }
    return literalOf(calculate(op, BigInt(a), BigInt(b)))
  }
  return (subject) => {
    const [a, b] = [left(subject), right(subject)]
    return eachNumber(a, (one) => eachNumber(b, (other) => apply(one, other)))
  }
}

function eachNumber(value: unknown, map: (number: number | bigint) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => eachNumber(one, map))
  return isNumber(value) ? map(value) : UNKNOWN
}

function text(parts: readonly ValueReader[]): ValueReader {
  return (subject) => {
    let whole = ''
    for (const part of parts) {
      const written = writtenOf(part(subject))
      if (written === undefined) return UNKNOWN
      whole += written
    }
    return whole
  }
}

function writtenOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (isNumber(value)) return String(value)
  if (!Array.isArray(value)) return undefined
  const written = flattened(value).map(writtenOf)
  return written.includes(undefined) ? undefined : written.join(',')
}

/** How long before the event's own time, else now, time stamps lie. */
function age(read: ValueReader): ValueReader {
  const now = nowOf()
  return (subject) => {
    const then = now(subject)
    return eachNumber(read(subject), (time) => then - BigInt(time))
  }
}

/** The time that ages are counted from, in ns: that of the event, so that a replay judges alike. */
export function nowOf(): (subject: Readable) => bigint {
  const read = readerOf('event.timestamp')
  return (subject) => {
    const known = read(subject)
    return isNumber(known) ? BigInt(known) : BigInt(Date.now()) * 1_000_000n
  }
}
