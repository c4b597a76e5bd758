import type { Field } from '../model/field.ts'
import type { Truth } from '../model/unknown.ts'

/** A string condition that is not plain equality. `pattern`: `*` is any run of characters. `glob`: `*` stays within a path segment, `**` crosses. `regex`: RE2 syntax, linear time. */
export type Matcher =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'pattern'; readonly text: string }
  | { readonly kind: 'glob'; readonly text: string }
  | { readonly kind: 'regex'; readonly text: string }

export type Comparison = '<' | '<=' | '>' | '>='

export type Arithmetic = '+' | '-' | '&' | '|' | '^'

export type Literal = string | number | bigint | boolean

/**
 * What is computed from an event: plain data too. Numbers are integers of 64 bits that wrap. What a field, an element or a variable that
 * nobody knows goes into is UNKNOWN.
 */
export type Value =
  | { readonly value: 'literal'; readonly of: Literal }
  /** Networks, in a `network`, are texts: `10.0.0.0/8`. */
  | { readonly value: 'list'; readonly of: readonly Literal[] }
  | { readonly value: 'field'; readonly field: string }
  /** `process.argv[1]`; `zero` where the array is shorter. */
  | { readonly value: 'element'; readonly field: string; readonly index: number; readonly zero: Literal }
  /** Bytes of a text, elements of an array. */
  | { readonly value: 'length'; readonly of: Value }
  /** Of a name of a host, or of each: the domain that somebody has registered. */
  | { readonly value: 'root_domain'; readonly of: Value }
  | { readonly value: 'variable'; readonly name: string }
  | { readonly value: 'arithmetic'; readonly op: Arithmetic; readonly left: Value; readonly right: Value }
  | { readonly value: 'unary'; readonly op: '-' | '^'; readonly of: Value }
  /** The parts, one after the other; arrays joined with commas. */
  | { readonly value: 'text'; readonly of: readonly Value[] }
  | { readonly value: 'truth'; readonly of: Condition }
  /** How long before the event a time stamp lies, in ns. */
  | { readonly value: 'age'; readonly of: Value }

/**
 * The checked form that every front end compiles to: `where` objects, the expression language, interests. Plain data: it can be stored,
 * sent to sources and partially evaluated. On array fields a comparison holds if it holds for some element, a negated one if it holds for none.
 *
 * Tests of one field have leaves of their own (`test` to `same`): indexes are made of them. The others say what those cannot, and are never
 * made where one of those would do.
 */
export type Condition =
  | { readonly op: 'always' }
  | { readonly op: 'and'; readonly of: readonly Condition[] }
  | { readonly op: 'or'; readonly of: readonly Condition[] }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'test'; readonly field: string }
  | { readonly op: 'match'; readonly field: string; readonly any: readonly Matcher[] }
  | { readonly op: 'oneof'; readonly field: string; readonly any: readonly Literal[] }
  | { readonly op: 'compare'; readonly field: string; readonly cmp: Comparison; readonly value: number | bigint }
  /** `value & mask != 0`; with `equals`: `value & mask == equals`. */
  | { readonly op: 'bits'; readonly field: string; readonly mask: number | bigint; readonly equals?: number | bigint }
  /** Compares how long before the event (its `event.timestamp`, else now) the field's time stamp lies. `value` in ns. */
  | { readonly op: 'age'; readonly field: string; readonly cmp: Comparison; readonly value: bigint }
  | { readonly op: 'same'; readonly field: string; readonly other: string }
  /** A bool that is computed: a variable, an element. */
  | { readonly op: 'is'; readonly value: Value }
  /** Holds if it does for some element of the one and some of the other. `in` is `==` as it is written for arrays. `fold`: texts are compared without case. */
  | { readonly op: 'relate'; readonly cmp: '==' | 'in' | Comparison; readonly left: Value; readonly right: Value; readonly fold?: true }
  /** As `match`, of any text. `fold`: without case, regular expressions excepted. */
  | { readonly op: 'matches'; readonly value: Value; readonly any: readonly Matcher[]; readonly fold?: true }
  /** Addresses and networks that overlap: one of the left with one of the right; with `every`, all of the left with all of the right. */
  | { readonly op: 'network'; readonly left: Value; readonly right: Value; readonly every?: true }
  /**
   * Some element of a list (one of the first 100) fulfils `of`, in which `process.ancestors[].comm` is the field of that element. `over` is
   * `process.ancestors`. Of an empty list it is false, whatever `of` says.
   */
  | { readonly op: 'some'; readonly over: string; readonly of: Condition }

/** A condition that is no `and`, `or`, `not` or `always`. */
export type Leaf = Exclude<Condition, { readonly op: 'and' | 'or' | 'not' | 'always' }>

/** What conditions are checked against: an event definition, or the fields of a signal. */
export interface Scope {
  readonly type: string
  readonly fields: ReadonlyMap<string, Field>
}

/** What a compiled condition reads: events, kept events and test cases alike. */
export interface Readable {
  get(field: string): unknown
}

export type Predicate = (subject: Readable) => Truth

/** Reads a value: number or bigint, text, boolean, an array of those, or UNKNOWN. */
export type ValueReader = (subject: Readable) => unknown
