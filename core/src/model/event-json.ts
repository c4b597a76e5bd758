import { aboveOf, type BriefAncestor } from './brief-above.ts'
import type { BaseEvent } from './event-class.ts'
import { isField, type Shape } from './field.ts'
import { UNKNOWN } from './unknown.ts'

const PARENT = 'process.parent.'
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

type Json = Record<string, unknown>
type Read = (this: BaseEvent) => unknown

/** A field, or a block of them, with how it is read from events of one class: looked up once, since a signal asks for hundreds. */
type Item =
  | { readonly name: string; readonly full: string; readonly read: Read; readonly items?: undefined }
  | { readonly name: string; readonly prefix: string; readonly items: readonly Item[] }

interface Plan {
  readonly items: readonly Item[]
  /** Name of the block that is the same as `process`. */
  readonly mirror: string | undefined
}

/**
 * The model's fields nested by their names. A field nobody knows is left out inside a block of which others are known, and `null` where it
 * is alone; a block of which nothing is known is left out. `process.ancestors` is a list of objects, nearest first.
 */
export function toJson(event: BaseEvent): Json {
  return write(event, planOf(event, wholePlans, everything), false)
}

/** The same, of the parent without its environment and of ancestors no more than who they are: else the line of a deep process is tens of KiB. */
export function toBriefJson(event: BaseEvent): Json {
  return write(event, planOf(event, briefPlans, isBrief), true)
}

type Wanted = (field: string) => boolean
const everything: Wanted = () => true
const BRIEF_ANCESTOR = new Set(
  ['length', 'pid', 'uid', 'user', 'created_at', 'comm', 'args', 'same_pid', 'file.path', 'file.name', 'container.id'].map(
    (name) => ANCESTORS + name,
  ),
)
const isBrief: Wanted = (field) =>
  field.startsWith(ANCESTORS) ? BRIEF_ANCESTOR.has(field) : field !== 'process.parent.envs' && field !== 'process.parent.envp'

/** By prototype: all events of a class are read alike. */
const wholePlans = new WeakMap<object, Plan>()
const briefPlans = new WeakMap<object, Plan>()

function planOf(event: BaseEvent, plans: WeakMap<object, Plan>, wanted: Wanted): Plan {
  const prototype = Object.getPrototypeOf(event) as object
  let plan = plans.get(prototype)
  if (plan === undefined) {
    const { shape, mirrors, type } = event.definition
    plan = { items: itemsOf(prototype, shape, '', wanted), mirror: mirrors === 'process' ? type : undefined }
    plans.set(prototype, plan)
  }
  return plan
}

function itemsOf(prototype: object, shape: Shape, prefix: string, wanted: Wanted): Item[] {
  const items: Item[] = []
  for (const [name, node] of Object.entries(shape)) {
    const full = prefix + name
    if (!isField(node)) {
      const inner = itemsOf(prototype, node, `${full}.`, wanted)
      if (inner.length > 0) items.push({ name, prefix: `${full}.`, items: inner })
    } else if (wanted(full)) {
      const read = Object.getOwnPropertyDescriptor(prototype, full)?.get as Read | undefined
      if (read) items.push({ name, full, read })
    }
  }
  return items
}

function write(event: BaseEvent, plan: Plan, brief: boolean): Json {
  const out: Json = {}
  // What an exec tells of the new image need not be read twice.
  const mirrored = plan.mirror !== undefined && event.isTracked ? plan.items.find(({ name }) => name === plan.mirror) : undefined
  const mirror = mirrored?.items && block(event, mirrored.items, brief)
  for (const item of plan.items) {
    let value: unknown
    if (!item.items) value = leaf(event, item)
    else if (mirror && item === mirrored) value = mirror
    else if (mirror && item.name === 'process') value = { ...mirror, ...above(event, item.items, brief) }
    else value = block(event, item.items, brief)
    if (value !== undefined) out[item.name] = value
  }
  return out
}

/** Of the process block what is not about the process itself. */
function above(event: BaseEvent, items: readonly Item[], brief: boolean): Json {
  return (
    block(
      event,
      items.filter((item) => item.items && (item.prefix === PARENT || item.prefix === ANCESTORS)),
      brief,
    ) ?? {}
  )
}

function leaf(event: BaseEvent, { name, full, read }: Item & { readonly items?: undefined }): unknown {
  let value = read.call(event)
  if (value === UNKNOWN || value === undefined) return undefined
  const redact = event.redactors.get(full)
  if (redact) value = redact(value, event)
  return valueToJson(name, value)
}

function block(event: BaseEvent, items: readonly Item[], brief: boolean): Json | undefined {
  let out: Json | undefined
  for (const item of items) {
    let value: unknown
    if (!item.items) value = leaf(event, item)
    else if (item.prefix === ANCESTORS) value = ancestors(event, item.items, brief)
    else if (item.prefix === PARENT && brief) value = aboveOf(event).parent(() => block(event, item.items, brief))
    else value = block(event, item.items, brief)
    if (value === undefined) continue
    out ??= {}
    out[item.name] = value
  }
  return out
}

/** Turns the arrays of the iterated block into one object an ancestor. */
function ancestors(event: BaseEvent, items: readonly Item[], brief: boolean): unknown {
  const length = (event as unknown as Json)[`${ANCESTORS}length`]
  if (typeof length !== 'number') return undefined
  const all = (): Json[] => {
    const list: Json[] = Array.from({ length }, () => ({}))
    spread(event, items, list)
    return list
  }
  if (!brief) return all()
  const samePid = (event as unknown as Json)[`${ANCESTORS}same_pid`]
  return aboveOf(event).ancestors(length, Array.isArray(samePid) ? samePid : [], all as () => BriefAncestor[])
}

function spread(event: BaseEvent, items: readonly Item[], list: Json[]): void {
  for (const item of items) {
    if (item.items) {
      const inner = list.map(() => ({}) as Json)
      spread(event, item.items, inner)
      for (const [i, value] of inner.entries()) if (Object.keys(value).length > 0) (list[i] as Json)[item.name] = value
      continue
    }
    const values = leaf(event, item)
    if (!Array.isArray(values)) continue
    for (const [i, value] of values.slice(0, list.length).entries())
      if (value !== null && value !== undefined) (list[i] as Json)[item.name] = value
  }
}
