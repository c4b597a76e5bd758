import type { ValueReader } from './ir.ts'
import type { Node } from './syntax.ts'

/** What an expression, or a variable, yields. */
export interface VariableType {
  readonly kind: 'bool' | 'int' | 'string' | 'ip'
  readonly array: boolean
}

/** A named piece of the language, parsed. Made by `parseMacro`. */
export interface Macro {
  readonly name: string
  readonly node: Node
  /** What it was parsed from, for errors. */
  readonly text: string
}

export type WarningCode =
  /** `&&` and `||` without parentheses: they group to the right. */
  | 'mixed-logic'
  /** A pattern or regular expression that is compared as plain text, since nothing that is compared is a field. */
  | 'pattern-as-text'
  /** `allin` of what is no array of addresses means `in`. */
  | 'allin-as-in'
  /** A duration that is no age: the outcome is always the same. */
  | 'constant-duration'

export interface ConditionWarning {
  readonly code: WarningCode
  readonly message: string
  readonly line: number
  readonly column: number
}

/** What an expression may use besides the fields of its scope. */
export interface Environment {
  readonly macros?: ReadonlyMap<string, Macro>
  /** By the name between the braces: `name`, `process.name`. `process.pid` and `builtins.uuid4` are always there. */
  readonly variables?: ReadonlyMap<string, VariableType>
  /** Hears of what is legal but misleading, with its place. */
  readonly report?: (warning: ConditionWarning) => void
  /** Refuses what would be reported as `mixed-logic`. */
  readonly strict?: boolean
}

/** What compiled conditions and values read besides events. */
export interface Surroundings {
  /** A reader of a variable's value, UNKNOWN where nobody knows it. Variables nobody has are UNKNOWN. */
  readonly variable?: (name: string) => ValueReader | undefined
}
