import { checkValue } from './check.ts'
import { compileCondition } from './compile.ts'
import { compileValue as compileWithin } from './compile-value.ts'
import type { Environment, Surroundings, VariableType } from './environment.ts'
import type { Scope, Value, ValueReader } from './ir.ts'
import { parseText, reportIn } from './parse-text.ts'
import { refuseIn } from './source.ts'

/** What an expression yields, and of which type. Read with `compileValue`. */
export interface TypedValue {
  readonly type: VariableType
  readonly value: Value
}

/**
 * Parses an expression of any type: `process.comm`, `${count} + 1`, `"%{process.pid}:${tag}"`, `open.flags & O_CREAT > 0`. A duration is a
 * number of nanoseconds.
 * @throws CwsError CWS_ERR_CONDITION, for patterns and iterator variables too
 */
export function parseValue(text: string, scope: Scope, environment: Environment = {}): TypedValue {
  const node = parseText(text, environment)
  const warn = (code: Parameters<typeof reportIn>[2], at: number, message: string) => reportIn(text, environment, code, at, message)
  const { kind, array, value } = checkValue(node, scope, environment, refuseIn(text), warn)
  return { type: { kind, array }, value }
}

/** Reads a value of an event: a number or bigint, a text, true or false, an array of those, or UNKNOWN. */
export function compileValue({ value }: TypedValue, surroundings: Surroundings = {}): ValueReader {
  return compileWithin(value, surroundings, compileCondition)
}
