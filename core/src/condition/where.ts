import type { FieldName, FieldValue } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'

/**
 * The test of one field in a `where` object. A bare string is exact unless it holds `*`: then it is a pattern, and on path fields a glob
 * (`*` within a segment, `**` across). A list means any of them.
 */
export type FieldTest<V> =
  | Scalar<V>
  | readonly Scalar<V>[]
  | {
      readonly equals?: Scalar<V> | readonly Scalar<V>[]
      /** RE2 regular expression, found anywhere in the text. */
      readonly regex?: Scalar<V> extends string ? string | readonly string[] : never
      readonly lt?: Ordered<V>
      readonly lte?: Ordered<V>
      readonly gt?: Ordered<V>
      readonly gte?: Ordered<V>
      /** True if all bits (or any of them, for a mask of several) are set: `value & mask != 0`. */
      readonly bits?: Ordered<V>
      readonly not?: FieldTest<V>
    }

type Element<V> = V extends readonly (infer E)[] ? E : V
type Widen<V> = V extends bigint ? bigint | number : V
type Scalar<V> = Widen<Element<V>>
type Ordered<V> = Element<V> extends number | bigint ? number | bigint : never

/** A condition as data: all fields must hold; `any` and `none` nest. */
export type Where<T extends EventType = EventType> = {
  readonly [F in FieldName<T>]?: FieldTest<FieldValue<T, F>>
} & {
  readonly any?: readonly Where<T>[]
  readonly all?: readonly Where<T>[]
  readonly none?: readonly Where<T>[]
}
