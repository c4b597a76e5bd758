import { aboveOf } from './brief-above.ts'
import type { BaseEvent, LiveEvent } from './event-class.ts'
import { parseExact } from './exact-json.ts'
import { isField, isIterated, type Shape } from './field.ts'
import { rfc3339 } from './rfc3339.ts'
import { UNKNOWN } from './unknown.ts'

/*
 * Events are written as text at once, not as objects to be written later: a signal has hundreds of fields, and what is written of parents and
 * ancestors can be kept. A field nobody knows is left out, and so is a block of which nothing is known, and a field that only follows from another.
 * `process.ancestors` is a list of objects, nearest first, and so is every block that is repeated.
 */

const PARENT = 'process.parent.'
const ANCESTORS = 'process.ancestors.'
const SAME_PID = `${ANCESTORS}same_pid`

/** The model's fields nested by their names. */
export function toJson(event: BaseEvent): Record<string, unknown> {
  return parseExact(`{${write(event, planOf(event, 'whole'))}}`) as Record<string, unknown>
}

/**
 * The members of the same object as text, without its braces; of the parent without its environment and of ancestors no more than who they
 * are: else the line of a deep process is tens of KiB.
 */
export function briefMembers(event: BaseEvent): string {
  return write(event, planOf(event, 'brief'))
}

/** The same without `event.timestamp` and `event.hostname`, which lines of events have elsewhere. */
export function lineMembers(event: BaseEvent): string {
  return write(event, planOf(event, 'line'))
}

type Read = (this: BaseEvent) => unknown
interface Leaf {
  readonly key: string
  readonly name: string
  readonly full: string
  readonly read: Read
  readonly items?: undefined
}
interface Block {
  readonly key: string
  readonly prefix: string
  readonly repeated: boolean
  readonly items: readonly Item[]
}
/** A field, or a block of them, with how it is read from events of one class: looked up once. */
type Item = Leaf | Block

interface Plan {
  readonly items: readonly Item[]
  readonly brief: boolean
  /** The block that is the same as `process`, and what `process` has besides. */
  readonly mirror:
    | {
        readonly block: Block
        /** What of the block the tracker does not write at one go. */
        readonly unwritten: readonly Item[]
        readonly process: Item
        readonly rest: readonly Item[]
      }
    | undefined
}

type Extent = 'whole' | 'brief' | 'line'
const BRIEF_ANCESTOR = new Set(
  ['length', 'pid', 'uid', 'user', 'created_at', 'comm', 'args', 'same_pid', 'file.path', 'file.name', 'container.id'].map(
    (name) => ANCESTORS + name,
  ),
)
const isBrief = (field: string) =>
  field.startsWith(ANCESTORS) ? BRIEF_ANCESTOR.has(field) : field !== 'process.parent.envs' && field !== 'process.parent.envp'
const WANTED: Readonly<Record<Extent, (field: string) => boolean>> = {
  whole: () => true,
  brief: isBrief,
  line: (field) => isBrief(field) && field !== 'event.timestamp' && field !== 'event.hostname',
}

/** By prototype: all events of a class are read alike. */
const plans: Readonly<Record<Extent, WeakMap<object, Plan>>> = { whole: new WeakMap(), brief: new WeakMap(), line: new WeakMap() }

function planOf(event: BaseEvent, extent: Extent): Plan {
  const prototype = Object.getPrototypeOf(event) as object
  const known = plans[extent].get(prototype)
  if (known) return known
  const { told, definition } = event
  const { shape, mirrors, type } = definition
  const wanted = WANTED[extent]
  const items = itemsOf(prototype, shape, '', (field) => told.has(field) && wanted(field))
  const blockAt = (prefix: string) => items.find((item): item is Block => item.items !== undefined && item.prefix === prefix)
  const own = mirrors === 'process' && saysNoMore(told, `${type}.`) ? blockAt(`${type}.`) : undefined
  const process = blockAt('process.')
  const written = (prototype as Partial<LiveEvent>).mirror?.text?.fields
  const mirror = own &&
    process && {
      block: own,
      unwritten: own.items.filter((item) => item.items === undefined && written?.has(item.name) !== true),
      process,
      rest: process.items.filter((item) => item.items && (item.prefix === PARENT || item.prefix === ANCESTORS)),
    }
  const plan: Plan = { items, brief: extent !== 'whole', mirror }
  plans[extent].set(prototype, plan)
  return plan
}

/** Whether all that is told of a block is told of `process` too. */
function saysNoMore(told: ReadonlySet<string>, own: string): boolean {
  for (const name of told) if (name.startsWith(own) && !told.has(`process.${name.slice(own.length)}`)) return false
  return true
}

function itemsOf(prototype: object, shape: Shape, prefix: string, wanted: (field: string) => boolean): Item[] {
  const items: Item[] = []
  for (const [name, node] of Object.entries(shape)) {
    const full = prefix + name
    const key = `${JSON.stringify(name)}:`
    if (!isField(node)) {
      const inner = itemsOf(prototype, node, `${full}.`, wanted)
      if (inner.length > 0) items.push({ key, prefix: `${full}.`, repeated: isIterated(node), items: inner })
    } else if (wanted(full)) {
      const read = Object.getOwnPropertyDescriptor(prototype, full)?.get as Read | undefined
      if (read) items.push({ key, name, full, read })
    }
  }
  return items
}

function write(event: BaseEvent, plan: Plan): string {
  const { items, mirror } = plan
  // What an exec tells of the new image need not be read twice.
  const own = mirror && event.mirrored ? ownMembers(event as LiveEvent, mirror, plan) : ''
  if (own === '' || !mirror) return members(event, items, plan)
  let out = ''
  for (const item of items) {
    let text: string
    if (item === mirror.block) text = `${item.key}{${own}}`
    else if (item === mirror.process) text = `${item.key}{${join(own, members(event, mirror.rest, plan))}}`
    else text = member(event, item, plan)
    out = join(out, text)
  }
  return out
}

function ownMembers(event: LiveEvent, { block, unwritten }: NonNullable<Plan['mirror']>, plan: Plan): string {
  const written = event.mirror?.text?.write(event)
  return written === undefined ? members(event, block.items, plan) : join(written, members(event, unwritten, plan))
}

const join = (a: string, b: string) => (a === '' ? b : b === '' ? a : `${a},${b}`)

function members(event: BaseEvent, items: readonly Item[], plan: Plan): string {
  let out = ''
  for (let i = 0; i < items.length; i++) {
    const text = member(event, items[i] as Item, plan)
    if (text !== '') out = out === '' ? text : `${out},${text}`
  }
  return out
}

/** One member, `"name":value`; empty if nothing is known of it. */
function member(event: BaseEvent, item: Item, plan: Plan): string {
  if (item.items === undefined) {
    const value = redacted(event, item)
    const text = value === UNKNOWN || value === undefined ? undefined : textOf(item.name, value)
    return text === undefined ? '' : item.key + text
  }
  if (item.repeated) return repeated(event, item, plan)
  const inner =
    plan.brief && item.prefix === PARENT
      ? aboveOf(event, plan).parent(() => members(event, item.items, plan))
      : members(event, item.items, plan)
  return inner === '' ? '' : `${item.key}{${inner}}`
}

function redacted(event: BaseEvent, { full, read }: Leaf): unknown {
  const value = read.call(event)
  if (value === UNKNOWN || value === undefined) return value
  const redact = event.redactors.get(full)
  return redact ? redact(value, event) : value
}

const TIMES = new Set(['timestamp', 'created_at', 'modification_time', 'change_time', 'since'])

/** int64 in full, so that no digit is lost; times as RFC 3339. */
function textOf(name: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return TIMES.has(name) ? `"${rfc3339(value)}"` : String(value)
    default:
      return Array.isArray(value) ? listOf(name, value) : JSON.stringify(value)
  }
}

function listOf(name: string, values: readonly unknown[]): string {
  let out = ''
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    out += `${i === 0 ? '' : ','}${value === UNKNOWN ? 'null' : (textOf(name, value) ?? 'null')}`
  }
  return `[${out}]`
}

/** Turns the arrays of a block that is repeated into a list of objects. */
function repeated(event: BaseEvent, { key, prefix, items }: Block, plan: Plan): string {
  const length = (event as unknown as Record<string, unknown>)[`${prefix}length`]
  if (typeof length !== 'number') return ''
  const each = (): string[] => spread(event, items, length)
  if (prefix !== ANCESTORS)
    return `${key}[${each()
      .map((inner) => `{${inner}}`)
      .join(',')}]`
  const written = plan.brief ? aboveOf(event, plan).ancestors(length, each) : each()
  const samePid = (event as unknown as Record<string, unknown>)[SAME_PID]
  return `${key}[${written
    .map((inner, i) => {
      const same: unknown = Array.isArray(samePid) ? samePid[i] : undefined
      return `{${typeof same === 'boolean' ? join(inner, `"same_pid":${same}`) : inner}}`
    })
    .join(',')}]`
}

/** The members of each element, but for `same_pid` of ancestors: that depends on the event. */
function spread(event: BaseEvent, items: readonly Item[], length: number): string[] {
  const list: string[] = Array.from({ length }, () => '')
  const add = (i: number, text: string) => {
    list[i] = join(list[i] as string, text)
  }
  for (const item of items) {
    if (item.items) {
      for (const [i, inner] of spread(event, item.items, length).entries()) if (inner !== '') add(i, `${item.key}{${inner}}`)
      continue
    }
    const values = item.full === SAME_PID ? undefined : redacted(event, item)
    if (!Array.isArray(values)) continue
    for (let i = 0; i < Math.min(length, values.length); i++) {
      const value: unknown = values[i]
      const text = value === UNKNOWN || value === null || value === undefined ? undefined : textOf(item.name, value)
      if (text !== undefined) add(i, item.key + text)
    }
  }
  return list
}
