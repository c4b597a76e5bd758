import type { Field } from '../../model/field.ts'
import type { Document, Inline } from '../document.ts'
import type { Limits, Value } from '../value.ts'
import type { Run } from './run.ts'

/** Something in a template that has a value. */
export interface Expression {
  readonly read: (run: Run) => Value
  readonly limits?: Limits
  /** It is a list, so that a loop can go over it. */
  readonly list?: List
  /** Fit for a URL as it is. */
  readonly encoded?: true
  /** How it looks in a line of text, where that is more than text. */
  readonly inlines?: (run: Run) => readonly Inline[]
  /** What it is if it is no value: it stands alone then, and no helper takes it. */
  readonly special?: Special
}

export type Special =
  | { readonly kind: 'blocks'; readonly name: string; readonly make: (run: Run) => Document }
  | { readonly kind: 'mention'; readonly channel: string; readonly id: string }

/** What the elements of a list are: values, or blocks whose fields are those below `block`. */
export type List = { readonly of: 'values'; readonly field?: Field } | { readonly of: 'blocks'; readonly block: string }
