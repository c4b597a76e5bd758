import type { BaseEvent } from './event-class.ts'
import { type Field, isField, type Shape } from './field.ts'
import { UNKNOWN } from './unknown.ts'

const ANCESTORS = 'process.ancestors.'
const NS_PER_S = 1_000_000_000n

/** RFC 3339 in UTC with nanoseconds. */
export function rfc3339(ns: bigint): string {
  const seconds = ns / NS_PER_S
  const fraction = ns % NS_PER_S
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`
}

const TIMES = new Set(['timestamp', 'created_at', 'modification_time', 'change_time', 'since'])

/** int64 beyond 2^53 as a raw JSON number, so that no digit is lost; times as RFC 3339. */
function valueToJson(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    if (TIMES.has(name)) return rfc3339(value)
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : rawJson(String(value))
  }
  if (Array.isArray(value)) return value.map((element) => (element === UNKNOWN ? null : valueToJson(name, element)))
  return value
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

/**
 * The model's fields nested by their names. A field nobody knows is left out inside a block of which others are known, and `null` where it
 * is alone; a block of which nothing is known is left out. `process.ancestors` is a list of objects, nearest first.
 */
export function toJson(event: BaseEvent): Record<string, unknown> {
  return shapeToJson(event, everything)
}

/** The same, of the parent without its environment and of ancestors no more than who they are: else the line of a deep process is tens of KiB. */
export function toBriefJson(event: BaseEvent): Record<string, unknown> {
  return shapeToJson(event, isBrief)
}

type Wanted = (field: string) => boolean
const everything: Wanted = () => true
const BRIEF_ANCESTOR = new Set(
  ['pid', 'uid', 'user', 'created_at', 'comm', 'args', 'same_pid', 'file.path', 'file.name', 'container.id'].map(
    (name) => ANCESTORS + name,
  ),
)
const isBrief: Wanted = (field) =>
  field.startsWith(ANCESTORS) ? BRIEF_ANCESTOR.has(field) : field !== 'process.parent.envs' && field !== 'process.parent.envp'

function shapeToJson(event: BaseEvent, wanted: Wanted): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, node] of Object.entries(event.definition.shape)) {
    const value = isField(node) ? leaf(event, name, name) : block(event, node, `${name}.`, wanted)
    if (value !== undefined) out[name] = value
  }
  return out
}

function leaf(event: BaseEvent, full: string, name: string): unknown {
  let value = (event as unknown as Record<string, unknown>)[full]
  if (value === UNKNOWN || value === undefined) return undefined
  const redact = event.redactors.get(full)
  if (redact) value = redact(value, event)
  return valueToJson(name, value)
}

function block(event: BaseEvent, shape: Shape, prefix: string, wanted: Wanted): unknown {
  if (prefix === ANCESTORS) return ancestors(event, shape, wanted)
  let out: Record<string, unknown> | undefined
  for (const [name, node] of Object.entries(shape)) {
    if (isField(node) && !wanted(prefix + name)) continue
    const value = isField(node) ? leaf(event, prefix + name, name) : block(event, node, `${prefix}${name}.`, wanted)
    if (value === undefined) continue
    out ??= {}
    out[name] = value
  }
  return out
}

/** Turns the arrays of the iterated block into one object an ancestor. */
function ancestors(event: BaseEvent, shape: Shape, wanted: Wanted): unknown {
  const length = (event as unknown as Record<string, unknown>)[`${ANCESTORS}length`]
  if (typeof length !== 'number') return undefined
  const list: Record<string, unknown>[] = Array.from({ length }, () => ({}))
  spread(event, shape, ANCESTORS, list, wanted)
  return list
}

function spread(event: BaseEvent, shape: Shape, prefix: string, list: Record<string, unknown>[], wanted: Wanted): void {
  for (const [name, node] of Object.entries(shape)) {
    if (!isField(node)) {
      const inner = list.map(() => ({}) as Record<string, unknown>)
      spread(event, node, `${prefix}${name}.`, inner, wanted)
      for (const [i, value] of inner.entries()) if (Object.keys(value).length > 0) (list[i] as Record<string, unknown>)[name] = value
    } else if ((node as Field).array && wanted(prefix + name)) {
      const values = leaf(event, prefix + name, name)
      if (!Array.isArray(values)) continue
      for (const [i, value] of values.slice(0, list.length).entries())
        if (value !== null && value !== undefined) (list[i] as Record<string, unknown>)[name] = value
    }
  }
}
