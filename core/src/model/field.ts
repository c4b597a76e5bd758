/**
 * Kinds of scalar that a field can hold. `int` is a safe integer; `int64` a bigint (inode, nanoseconds, masks); `path` a string whose globs respect
 * `/`; `ip` an address or a network as text: `10.1.2.3`, `fe80::1`, `10.0.0.0/8`.
 */
export type FieldKind = 'string' | 'path' | 'int' | 'int64' | 'bool' | 'ip'

/** What a kind is in JavaScript. */
export type KindValue<K extends FieldKind> = K extends 'string' | 'path' | 'ip'
  ? string
  : K extends 'int'
    ? number
    : K extends 'int64'
      ? bigint
      : boolean

/** Names that stand for numbers in conditions, for example `O_WRONLY`. */
export type Constants = Readonly<Record<string, number | bigint>>

/** How a field follows from one that lies beside it: the functions are in derive.ts. */
export type Derivation = 'flags' | 'options' | 'bytes'

/**
 * Where a field comes from that no source need feed: from the field `from` of its own block (for `path.length` from `path`, which it is the length
 * of), or it is `same` as the one of this full name.
 */
export type Derived = { readonly by: Derivation; readonly from: string } | { readonly same: string }

/** The declaration of one field. Pure data: types, checks, schema, docs and completion all come from it. */
export interface Field<K extends FieldKind = FieldKind, A extends boolean = boolean> {
  readonly field: K
  readonly array: A
  readonly doc: string
  readonly constants?: Constants
  /** Each element of the array is a list itself, as `argv` is for each ancestor. */
  readonly lists?: true
  /** Few values come again and again, as paths of programs do: what follows from one is worth remembering. */
  readonly recurs?: true
  /** Compared without regard to case, as names of DNS are. */
  readonly caseless?: true
  /** Worked out when it is read, and left out of JSON: whoever reads that can tell it from the other field. */
  readonly derived?: Derived
}

export type FieldOptions = Pick<Field, 'constants' | 'recurs' | 'caseless' | 'derived'>

function make<K extends FieldKind, A extends boolean>(field: K, array: A, doc: string, options: FieldOptions = {}): Field<K, A> {
  return { field, array, doc, ...options }
}

export const string = (doc: string, options?: FieldOptions): Field<'string', false> => make('string', false, doc, options)
export const strings = (doc: string, options?: FieldOptions): Field<'string', true> => make('string', true, doc, options)
export const path = (doc: string, options?: FieldOptions): Field<'path', false> => make('path', false, doc, options)
export const int = (doc: string, options?: FieldOptions): Field<'int', false> => make('int', false, doc, options)
export const ints = (doc: string, options?: FieldOptions): Field<'int', true> => make('int', true, doc, options)
export const int64 = (doc: string, options?: FieldOptions): Field<'int64', false> => make('int64', false, doc, options)
export const bool = (doc: string): Field<'bool', false> => make('bool', false, doc)
export const bools = (doc: string): Field<'bool', true> => make('bool', true, doc)
export const ip = (doc: string): Field<'ip', false> => make('ip', false, doc)
export const ips = (doc: string): Field<'ip', true> => make('ip', true, doc)

/** A tree of fields: the words between the dots are its keys. */
export interface Shape {
  readonly [name: string]: Field | Shape
}

export function isField(node: Field | Shape): node is Field {
  return typeof (node as Field).field === 'string'
}

/** Every field of a shape becomes an array, one element an ancestor, or whatever the block repeats. */
export type Iterated<S extends Shape> = {
  readonly [N in keyof S]: S[N] extends Field<infer K> ? Field<K, true> : S[N] extends Shape ? Iterated<S[N]> : never
}

const iteratedShapes = new WeakSet<Shape>()

/**
 * Declares a block that is repeated (`process.ancestors`, `network_flow_monitor.flows`): each field reads as an array, and `length` says how many
 * there are. JSON has a list of objects.
 */
export function iterated<const S extends Shape>(length: string, shape: S): { readonly length: Field<'int', false> } & Iterated<S> {
  const block = { length: int(length), ...arraysOf(shape) }
  iteratedShapes.add(block)
  return block
}

/** Whether a block is one that is repeated. */
export function isIterated(shape: Shape): boolean {
  return iteratedShapes.has(shape)
}

function arraysOf<const S extends Shape>(shape: S): Iterated<S> {
  const out: Record<string, Field | Shape> = {}
  for (const [name, node] of Object.entries(shape))
    out[name] = isField(node) ? { ...node, array: true, ...(node.array && { lists: true }) } : arraysOf(node)
  return out as Iterated<S>
}

/** The same block under another name: each field is derived from the one of `block`. */
export function sameAs<const S extends Shape>(block: string, shape: S): S {
  const out: Record<string, Field | Shape> = {}
  for (const [name, node] of Object.entries(shape))
    out[name] = isField(node) ? { ...node, derived: { same: `${block}.${name}` } } : sameAs(`${block}.${name}`, node)
  return out as S
}

/** The dotted names of a shape's fields. */
export type Paths<S, P extends string = ''> = {
  [N in keyof S & string]: S[N] extends Field ? `${P}${N}` : S[N] extends Shape ? Paths<S[N], `${P}${N}.`> : never
}[keyof S & string]

/** The field at a dotted name. */
export type FieldAt<S, P extends string> = P extends keyof S
  ? S[P]
  : P extends `${infer H}.${infer T}`
    ? H extends keyof S
      ? FieldAt<S[H], T>
      : never
    : never

/** The value that a field declaration yields when it is known. */
export type ValueOf<F> = F extends Field<infer K, infer A> ? (A extends true ? readonly KindValue<K>[] : KindValue<K>) : never

/** Walks a shape in order of declaration. */
export function* fieldsOf(shape: Shape, prefix = ''): Generator<readonly [name: string, field: Field]> {
  for (const [name, node] of Object.entries(shape)) {
    if (isField(node)) yield [prefix + name, node]
    else yield* fieldsOf(node, `${prefix}${name}.`)
  }
}
