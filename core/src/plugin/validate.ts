import type { Path } from '../config/problem.ts'
import { nearest } from '../model/nearest.ts'
import type { OptionsSchema } from './instance.ts'
import { defOf, isRecord, isSecretAt, walkSchema } from './schema-walk.ts'

/** One thing that is wrong with a plugin's options. */
export interface OptionFlaw {
  readonly path: Path
  readonly of: 'key' | 'value'
  readonly message: string
  /** What stands there may be a misplaced secret. */
  readonly hide?: boolean
}

export type Checked =
  | { readonly ok: true; readonly options: unknown }
  | { readonly ok: false; readonly flaws: readonly [OptionFlaw, ...OptionFlaw[]] }

/** What zod says of one fault; the fields that we read, of whatever copy of zod. */
interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly expected?: string
  readonly values?: readonly unknown[]
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
}

/** Judges options by a plugin's schema. Keys that the schema does not have are faults, also where the schema would drop them. */
export async function checkOptions(schema: OptionsSchema | undefined, options: unknown): Promise<Checked> {
  if (!schema) {
    const extra = isRecord(options) ? Object.keys(options) : []
    const flaws = extra.map(
      (key): OptionFlaw => ({ path: [key], of: 'key', message: `unknown option "${key}": this plugin has none but \`name\`` }),
    )
    return flaws.length > 0 ? { ok: false, flaws: flaws as [OptionFlaw, ...OptionFlaw[]] } : { ok: true, options: {} }
  }
  const isSecret = (path: Path) => isSecretAt(schema, path)
  const flaws = unknownKeys(schema, options)
  const result = await schema.safeParseAsync(options)
  if (!result.success)
    // Most unknown keys were told by our own walk, which knows the nearest known one.
    for (const issue of result.error.issues as readonly Issue[])
      for (const flaw of explainIssue(issue, [], options, isSecret))
        if (flaw.of === 'value' || !flaws.some(({ path }) => path.join('\0') === flaw.path.join('\0'))) flaws.push(flaw)
  if (flaws.length > 0) return { ok: false, flaws: flaws as [OptionFlaw, ...OptionFlaw[]] }
  return { ok: true, options: result.data }
}

function unknownKeys(schema: OptionsSchema, options: unknown): OptionFlaw[] {
  const flaws: OptionFlaw[] = []
  walkSchema(schema, options, ({ schema, value, path, certain }) => {
    const { type, shape, catchall } = defOf(schema)
    if (type !== 'object' || !certain || !isRecord(value) || !shape) return true
    if (catchall && defOf(catchall).type !== 'never') return true
    const known = path.length === 0 ? [...Object.keys(shape), 'name'] : Object.keys(shape)
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(shape, key)) continue
      const guess = nearest(key, known)
      const hide = guess === undefined ? known.some((it) => isSecretAt(shape[it], [])) : isSecretAt(shape[guess], [])
      flaws.push({ path: [...path, key], of: 'key', message: unknownKey(key, guess, known), hide })
    }
    return true
  })
  return flaws
}

function unknownKey(key: string, guess: string | undefined, known: readonly string[]): string {
  if (guess) return `unknown option "${key}"; did you mean "${guess}"?`
  return `unknown option "${key}"; there is ${known.map((it) => `"${it}"`).join(', ')}`
}

function explainIssue(issue: Issue, base: Path, options: unknown, isSecret: (path: Path) => boolean): OptionFlaw[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))]
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({ path: [...path, key], of: 'key', message: `unknown option "${key}"`, hide: true }))
  const value = valueAt(options, path)
  const came = value === undefined ? 'nothing was given' : `${isSecret(path) ? kindOf(value) : describeValue(value)} was given`
  if (issue.code === 'invalid_union' && issue.errors) {
    const members = issue.errors.filter((errors) => errors.length > 0)
    const deep = members.filter((errors) => errors.every((it) => it.path.length > 0)).sort((a, b) => a.length - b.length)[0]
    if (deep && !isSecret(path)) {
      const inner = deep.flatMap((it) => explainIssue(it, path, options, isSecret))
      if (inner.length > 0) return inner
    }
    const wanted = new Set(members.flatMap((errors) => errors.filter((it) => it.path.length === 0).map(expectation)))
    const expected = isSecret(path) ? 'env("NAME"), secretFile("/path") or a text' : [...wanted].join(' or ')
    return [{ path, of: 'value', message: expected ? `expected ${expected}, but ${came}` : `${came}, which is not accepted` }]
  }
  if (isSecret(path) && issue.code !== 'invalid_type') return [{ path, of: 'value', message: 'the secret is not of the accepted form' }]
  const guess = issue.code === 'invalid_value' && typeof value === 'string' ? nearest(value, (issue.values ?? []).map(String)) : undefined
  return [{ path, of: 'value', message: `expected ${expectation(issue)}, but ${came}${guess ? `; did you mean "${guess}"?` : ''}` }]
}

const articles: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  function: 'a function',
  nonoptional: 'a value',
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.expected) return articles[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_value' && issue.values) return issue.values.map((it) => JSON.stringify(it)).join(' or ')
  return issue.message.replace(/^(?:Invalid input|Too (?:small|big)): expected /, '').replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())
}

/** What a path leads to, undefined if it leads nowhere. */
export function valueAt(options: unknown, path: Path): unknown {
  let at = options
  for (const key of path) at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined
  return at
}

/** A value as it may stand in a message: short, without the passwords that URLs can hold. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.replace(/(?<=:\/\/)[^/@\s]*@/g, '***@')
    return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 57)}…` : shown)
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return kindOf(value)
}

/** The kind of a value, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Freezes plain objects and lists, as deep as they go. */
export function freezeDeep<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth > 64 || Object.isFrozen(value)) return value
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  Object.freeze(value)
  for (const item of Object.values(value)) freezeDeep(item, depth + 1)
  return value
}

/** The path of the first thing that cannot cross to another thread as it is; undefined if all can. */
export function uncloneable(value: unknown, path: Path = []): Path | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return path
  if (typeof value !== 'object' || value === null || path.length > 32) return undefined
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
  if (plain) {
    for (const [key, item] of Object.entries(value)) {
      const found = uncloneable(item, [...path, Array.isArray(value) ? Number(key) : key])
      if (found) return found
    }
    return undefined
  }
  try {
    // Instances of classes lose their methods on the way; what the platform clones keeps its prototype.
    return Object.getPrototypeOf(structuredClone(value)) === Object.getPrototypeOf(value) ? undefined : path
  } catch {
    return path
  }
}
