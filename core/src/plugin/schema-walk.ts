import type { OptionsSchema } from './instance.ts'

/** A value beside the schema that is to judge it. */
export interface SchemaNode {
  readonly schema: OptionsSchema
  readonly value: unknown
  readonly path: readonly (string | number)[]
  /** False below a union of which no member accepts the value: what it means there is a guess. */
  readonly certain: boolean
}

/** What we read of a zod schema's definition; the same in every copy of zod 4. */
interface Def {
  readonly type?: string
  readonly shape?: Readonly<Record<string, OptionsSchema>>
  readonly catchall?: OptionsSchema
  readonly element?: OptionsSchema
  readonly items?: readonly OptionsSchema[]
  readonly rest?: OptionsSchema | null
  readonly valueType?: OptionsSchema
  readonly innerType?: OptionsSchema
  readonly in?: OptionsSchema
  readonly left?: OptionsSchema
  readonly right?: OptionsSchema
  readonly options?: readonly OptionsSchema[]
  readonly getter?: () => OptionsSchema
}

/** The definition of a zod schema; empty for anything else. */
export function defOf(schema: OptionsSchema): Def {
  return ((schema as { _zod?: { def?: Def } })._zod?.def ?? {}) as Def
}

const deepest = 32

/** Walks a value and its schema together, outer nodes first. A consumer that returns false from `visit` skips what is below. */
export function walkSchema(schema: OptionsSchema, value: unknown, visit: (node: SchemaNode) => boolean | undefined): void {
  walk({ schema, value, path: [], certain: true }, visit, 0)
}

function walk(node: SchemaNode, visit: (node: SchemaNode) => boolean | undefined, depth: number): void {
  if (depth > deepest || visit(node) === false) return
  const { schema, value, path, certain } = node
  const def = defOf(schema)
  const same = (inner: OptionsSchema | undefined, sure = certain) => {
    if (inner) walk({ schema: inner, value, path, certain: sure }, visit, depth + 1)
  }
  const child = (inner: OptionsSchema | null | undefined, key: string | number, item: unknown) => {
    if (inner) walk({ schema: inner, value: item, path: [...path, key], certain }, visit, depth + 1)
  }
  switch (def.type) {
    case 'object':
      if (!isRecord(value)) return
      for (const [key, inner] of Object.entries(def.shape ?? {})) if (Object.hasOwn(value, key)) child(inner, key, value[key])
      return
    case 'array':
      if (Array.isArray(value)) for (const [index, item] of value.entries()) child(def.element, index, item)
      return
    case 'tuple':
      if (Array.isArray(value)) for (const [index, item] of value.entries()) child(def.items?.[index] ?? def.rest, index, item)
      return
    case 'record':
      if (isRecord(value)) for (const [key, item] of Object.entries(value)) child(def.valueType, key, item)
      return
    case 'union': {
      const accepting = def.options?.find((option) => accepts(option, value))
      if (accepting) same(accepting)
      else for (const option of def.options ?? []) same(option, false)
      return
    }
    case 'intersection':
      same(def.left, false)
      same(def.right, false)
      return
    case 'pipe':
      same(def.in)
      return
    case 'lazy':
      same(def.getter?.())
      return
    default:
      same(def.innerType)
  }
}

function accepts(schema: OptionsSchema, value: unknown): boolean {
  try {
    return schema.safeParse(value).success
  } catch {
    return false
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for the schema of a secret: marked `writeOnly`, as JSON Schema calls it. */
export function isSecretSchema(schema: OptionsSchema): boolean {
  try {
    return schema.meta?.()?.['writeOnly'] === true
  } catch {
    return false
  }
}

/** The secrets among the options, as they were written. */
export function secretsIn(schema: OptionsSchema | undefined, options: unknown): SchemaNode[] {
  const found: SchemaNode[] = []
  if (schema)
    walkSchema(schema, options, (node) => {
      if (!isSecretSchema(node.schema)) return true
      if (node.value !== undefined && node.value !== null) found.push(node)
      return false
    })
  return found
}

/** Whether what a path leads to, there or not, is a secret or part of one. */
export function isSecretAt(schema: OptionsSchema | null | undefined, path: readonly (string | number)[], depth = 0): boolean {
  if (!schema || depth > deepest) return false
  if (isSecretSchema(schema)) return true
  const def = defOf(schema)
  const below = (inner: OptionsSchema | null | undefined, rest = path) => isSecretAt(inner, rest, depth + 1)
  const [step, ...rest] = path
  const descends = def.type === 'object' || def.type === 'array' || def.type === 'tuple' || def.type === 'record'
  if (descends && step === undefined) return false
  if (def.type === 'object') return Object.hasOwn(def.shape ?? {}, step as string) && below(def.shape?.[step as string], rest)
  if (def.type === 'array') return below(def.element, rest)
  if (def.type === 'tuple') return below(def.items?.[step as number] ?? def.rest, rest)
  if (def.type === 'record') return below(def.valueType, rest)
  if (def.type === 'union') return (def.options ?? []).some((option) => below(option))
  if (def.type === 'intersection') return below(def.left) || below(def.right)
  return below(def.innerType ?? def.in ?? (def.type === 'lazy' ? def.getter?.() : undefined))
}

/** All texts in a value. */
export function* textsIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null && depth < deepest)
    for (const item of Object.values(value)) yield* textsIn(item, depth + 1)
}
