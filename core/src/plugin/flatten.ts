import type { Path } from '../config/problem.ts'
import { type AnyInstance, isInstance } from './instance.ts'

/** A plugin and where in the configuration it is listed. */
export interface Placed {
  readonly instance: AnyInstance
  readonly path: Path
}

/** Something listed that is no plugin. */
export interface Misplaced {
  readonly path: Path
  readonly message: string
  readonly hint: string | undefined
}

export interface Flattened {
  readonly placed: Placed[]
  readonly misplaced: Misplaced[]
}

const deepest = 16

/** Lays nested lists flat, leaves out what conditions left, and tells what is no plugin. */
export function flattenPlugins(
  list: readonly unknown[],
  path: Path = ['plugins'],
  into: Flattened = { placed: [], misplaced: [] },
): Flattened {
  for (const [index, entry] of list.entries()) {
    const at = [...path, index]
    if (entry === false || entry === null || entry === undefined) continue
    if (isInstance(entry)) into.placed.push({ instance: entry, path: at })
    else if (Array.isArray(entry) && path.length < deepest) flattenPlugins(entry, at, into)
    else into.misplaced.push({ path: at, ...explain(entry) })
  }
  return into
}

/** What somebody may have meant by a value that is no plugin. */
export function explain(value: unknown): { message: string; hint: string | undefined } {
  if (typeof value === 'function') return explainFunction(value)
  if (typeof value !== 'object' || value === null) {
    if (value === true) return { message: '`true` is no plugin', hint: 'Write `condition && plugin()`.' }
    if (typeof value === 'string')
      return { message: 'a text is no plugin', hint: 'Import the package and call its factory; only YAML and JSON name packages.' }
    return { message: `a ${typeof value} is no plugin`, hint: undefined }
  }
  const it = value as Record<string, unknown>
  if (typeof it['then'] === 'function') return { message: 'a promise is no plugin', hint: 'Put `await` before it.' }
  if (it[Symbol.toStringTag as unknown as string] === 'Module')
    return { message: 'a module is no plugin', hint: 'Import its default export and call it.' }
  if (typeof it['setup'] === 'function')
    return {
      message: 'an object with `setup` is not yet a plugin',
      hint: 'Wrap it: `definePlugin(import.meta, { setup(ctx) { … } })`, and call the result.',
    }
  if (typeof it['apply'] === 'function')
    return {
      message: 'an object with `apply` is a plugin of webpack, not of CWS',
      hint: 'Define CWS plugins with `definePlugin(import.meta, …)`.',
    }
  if (Array.isArray(it['plugins'])) return { message: 'a configuration is no plugin', hint: 'Spread its plugins: `...preset.plugins`.' }
  if (Array.isArray(value)) return { message: `lists of plugins are nested more than ${deepest} deep`, hint: undefined }
  return { message: 'an object that no plugin factory made is no plugin', hint: 'List what `plugin()` returns.' }
}

function explainFunction(value: object): { message: string; hint: string | undefined } {
  if ('definition' in value) return { message: 'the plugin’s factory was not called', hint: 'Write `plugin()` rather than `plugin`.' }
  if (/^class\b/.test(Function.prototype.toString.call(value)))
    return { message: 'a class is no plugin', hint: 'CWS plugins are made by `definePlugin(import.meta, …)` and called without `new`.' }
  return { message: 'a function is no plugin', hint: 'If it makes one, call it.' }
}
