import { isRecord, secretsIn } from '../plugin/schema-walk.ts'
import type { Composition } from './load-composition.ts'
import { type Path, pathText } from './problem.ts'

/** A composition as `cws check` shows it: JSON, secrets masked. */
export interface CompositionReport {
  readonly file: string | null
  readonly plugins: readonly {
    readonly name: string
    readonly kind: 'plugin' | 'notifier'
    readonly package: string
    readonly version: string
    readonly options: unknown
  }[]
  readonly notifications: unknown
  readonly warnings: readonly string[]
}

const mask = '********'
/** Deeper values, longer lists and longer texts are cut: a report is for reading. */
const deepest = 6
const longestList = 50
const longestText = 500

/** What runs, with which options. Secrets that stand as text are masked; references to them are shown. */
export function describeComposition({ file, instances, notifications, warnings }: Composition): CompositionReport {
  return {
    file: file ?? null,
    plugins: instances.map(({ instance, options }) => {
      const secrets = new Set(secretsIn(instance.definition.options, instance.options).map(({ path }) => pathText(path)))
      const { name, kind } = instance
      return { name, kind, package: instance.package.name, version: instance.package.version, options: shown(options, [], secrets) }
    }),
    notifications: shown(notifications, [], new Set()),
    warnings,
  }
}

function shown(value: unknown, path: Path, secrets: ReadonlySet<string>): unknown {
  if (secrets.has(pathText(path))) return shownSecret(value)
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number') return value ?? null
  if (typeof value === 'string') return value.length > longestText ? `${value.slice(0, longestText)}…` : value
  if (typeof value !== 'object') return typeof value === 'bigint' ? String(value) : `[${typeof value}]`
  if (path.length >= deepest) return '…'
  if (Array.isArray(value)) {
    const items = value.slice(0, longestList).map((item, index) => shown(item, [...path, index], secrets))
    return value.length > longestList ? [...items, `… ${value.length - longestList} more`] : items
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor?.name ?? 'object'}]`
  if (isLiteral(value)) return { literal: mask }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item, [...path, key], secrets)]))
}

/** References name where a secret is; anything else is one. */
function shownSecret(value: unknown): unknown {
  if (!isRecord(value)) return mask
  if (typeof value['env'] === 'string') return { env: value['env'] }
  return typeof value['file'] === 'string' ? { file: value['file'] } : { literal: mask }
}

function isLiteral(value: object): boolean {
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === 'literal' && typeof (value as { literal: unknown }).literal === 'string'
}
