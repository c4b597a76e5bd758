import type { Field } from '../model/field.ts'
import type { Truth } from '../model/unknown.ts'

/** A string condition that is not plain equality. `pattern`: `*` is any run of characters. `glob`: `*` stays within a path segment, `**` crosses. `regex`: RE2 syntax, linear time. */
export type Matcher =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'pattern'; readonly text: string }
  | { readonly kind: 'glob'; readonly text: string }
  | { readonly kind: 'regex'; readonly text: string }

export type Comparison = '<' | '<=' | '>' | '>='

export type Literal = string | number | bigint | boolean

/**
 * The checked form that every front end compiles to: `where` objects, the expression language, interests. Plain data: it can be stored,
 * sent to sources and partially evaluated. On array fields a comparison holds if it holds for some element, a negated one if it holds for none.
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
