import { CwsError } from '../errors/cws-error.ts'
import type { Images } from '../plugin/tracker.ts'
import type { EventDefinition } from './define-event.ts'
import { derive, sourceOf } from './derive.ts'
import { toJson } from './event-json.ts'
import { type Derived, type Field, isField, type Shape } from './field.ts'
import type { Recurrence } from './recurrence.ts'
import type { Undecoded } from './text-bytes.ts'
import { UNKNOWN } from './unknown.ts'

/** Reads a field of a live event; the result of a pending provider is UNKNOWN. */
export type FieldResolver = (event: LiveEvent) => unknown

/** How a field of a live event is read. */
export interface ResolvedField {
  readonly read: FieldResolver
  /** Its value is worth keeping for the dispatch. */
  readonly memoise: boolean
  /** Somebody may say it. What nobody says, or only follows from another field, is neither kept nor written. */
  readonly told: boolean
}

/** How values are changed before they leave the agent (scrubbing), by dotted field name. */
export type Redactors = ReadonlyMap<string, (value: unknown, event: { get(field: string): unknown }) => unknown>

/** What is common to live and kept events. The generated classes add a getter for each dotted field name and one for each block. */
export abstract class BaseEvent {
  /** On the prototype of the generated class, as all events of a class share it. */
  declare readonly definition: EventDefinition
  declare readonly redactors: Redactors
  declare readonly told: ReadonlySet<string>

  get type(): string {
    return this.definition.type
  }

  get(field: string): unknown {
    return this.definition.fields.has(field) ? (this as unknown as Record<string, unknown>)[field] : UNKNOWN
  }

  toJSON(): Record<string, unknown> {
    return toJson(this)
  }

  abstract keep(): BaseEvent
  /** Under dispatch, read from a batch, its author known to the process tree. */
  get isTracked(): boolean {
    return false
  }
  /** What the event's own block says of its author is what `process` says, redactions included. */
  get mirrored(): boolean {
    return false
  }
  /** Stable number of the acting process, -1 if unknown. */
  abstract readonly process$: number
}

/** An own block that is the same as `process`. */
export interface Mirror {
  /** Whether it is, now. */
  alike(): boolean
  /** How most of it is written at one go, by what keeps the process tree. */
  readonly text?: {
    /** What is written, by the names of fields below the block; blocks within it are written whole. */
    readonly fields: ReadonlySet<string>
    /** Undefined: this one is to be written field by field. */
    write(event: LiveEvent): string | undefined
  }
}

/** An event under dispatch: a cursor into a batch, or an object. Its getters throw once the dispatch is over. */
export abstract class LiveEvent extends BaseEvent {
  readonly cursor: number
  readonly pid: number | undefined
  /** Values of events that came as objects, by dotted name. */
  readonly values: ReadonlyMap<string, unknown> | undefined
  actor = -1
  process$ = -1
  live = true
  /** On the prototype of the generated class. */
  declare readonly images: Images | undefined
  declare readonly mirror: Mirror | undefined
  declare readonly recurrence: Recurrence | undefined
  declare readonly bytes: Undecoded['bytes']
  /** Promises of field providers that were met while reading. */
  pending: Map<string, Promise<unknown>> | undefined = undefined

  constructor(cursor: number, pid: number | undefined, values: ReadonlyMap<string, unknown> | undefined) {
    super()
    this.cursor = cursor
    this.pid = pid
    this.values = values
  }

  override get isTracked(): boolean {
    return this.cursor >= 0 && this.actor >= 0
  }

  override get mirrored(): boolean {
    return this.isTracked && this.mirror?.alike() === true
  }
}

/** A copy that outlives its dispatch. */
export abstract class KeptEvent extends BaseEvent {
  readonly process$: number
  readonly kept: Map<string, unknown>

  constructor(process: number, kept: Map<string, unknown>) {
    super()
    this.process$ = process
    this.kept = kept
  }

  override keep(): this {
    return this
  }
}

export interface EventClasses {
  readonly live: new (cursor: number, pid: number | undefined, values: ReadonlyMap<string, unknown> | undefined) => LiveEvent
  readonly kept: new (process: number, kept: Map<string, unknown>) => KeptEvent
}

function expired(event: LiveEvent, field: string): CwsError {
  return new CwsError('CWS_ERR_EVENT_EXPIRED', `${field} of an ${event.type} event was read after its dispatch`, {
    hint: 'copy what you need, or keep the event with event.keep() while it is dispatched',
  })
}

/** Reads everything now that somebody says. Fields whose providers are pending stay UNKNOWN and are filled in when they settle. */
function keepLive(event: LiveEvent, Kept: EventClasses['kept']): KeptEvent {
  if (!event.live) throw expired(event, 'keep()')
  const values = new Map<string, unknown>(event.values)
  for (const name of event.told) {
    const value = (event as unknown as Record<string, unknown>)[name]
    if (value !== UNKNOWN) values.set(name, value)
  }
  return new Kept(event.process$, values)
}

/**
 * Generates the classes of an event type: a getter for each field under its dotted name, a getter for each block under its own.
 * `resolve` says how a field of a live event is read.
 */
export function generateEventClasses(
  definition: EventDefinition,
  redactors: Redactors,
  resolve: (name: string, field: Field) => ResolvedField,
  tree: Partial<Pick<LiveEvent, 'images' | 'mirror' | 'recurrence' | 'bytes'>> = {},
): EventClasses {
  class Live extends LiveEvent {
    override keep(): KeptEvent {
      return keepLive(this, Kept)
    }
  }
  class Kept extends KeptEvent {}
  const told = new Set<string>()
  for (const { prototype } of [Live, Kept]) {
    Object.assign(prototype, { spare: undefined, definition, redactors, told })
    growFast(prototype as { spare?: undefined })
  }
  Object.assign(Live.prototype, { images: tree.images, mirror: tree.mirror, recurrence: tree.recurrence, bytes: tree.bytes })
  for (const [name, field] of definition.fields) {
    const resolved = resolve(name, field)
    if (resolved.told) told.add(name)
    const derived = field.derived && derivedReader(name, field.derived)
    const read = derived ? otherwise(resolved.read, derived) : resolved.read
    Object.defineProperty(Live.prototype, name, {
      get: resolved.memoise || derived ? memoisedGetter(name, read) : plainGetter(name, read),
    })
    Object.defineProperty(Kept.prototype, name, {
      get(this: Kept) {
        const value = this.kept.get(name)
        if (value !== undefined) return value
        return derived ? derived(this) : UNKNOWN
      },
    })
  }
  for (const prototype of [Live.prototype, Kept.prototype]) defineBlocks(prototype, definition.shape, '')
  return { live: Live, kept: Kept }
}

/**
 * V8 copies what it knows of an object's accessors for each one more: the hundreds of an event took 40 ms and 16 MiB. Of an object that lost a
 * property it keeps them in a table instead, until it is used as a prototype.
 */
function growFast(prototype: { spare?: undefined }): void {
  delete prototype.spare
}

/** Reads a field by what it is derived from. */
function derivedReader(name: string, derived: Derived): (event: BaseEvent) => unknown {
  const from = sourceOf(name, derived)
  return (event) => derive(derived, (event as unknown as Readonly<Record<string, unknown>>)[from])
}

function otherwise(read: FieldResolver, derived: FieldResolver): FieldResolver {
  return (event) => {
    const value = read(event)
    return value === UNKNOWN ? derived(event) : value
  }
}

function plainGetter(name: string, read: FieldResolver) {
  return function (this: LiveEvent): unknown {
    if (!this.live) throw expired(this, name)
    return read(this)
  }
}

/** Remembers the value for the event it was read of: one a getter, so that nothing is allocated for it. */
function memoisedGetter(name: string, read: FieldResolver) {
  let owner: LiveEvent | undefined
  let value: unknown
  return function (this: LiveEvent): unknown {
    if (!this.live) throw expired(this, name)
    if (owner !== this) {
      value = read(this)
      owner = this
    }
    return value
  }
}

/** The event that a block reads; a symbol, since any word may be a field's name. */
const ROOT = Symbol('event')

function blockOf(shape: Shape, prefix: string): new (event: unknown) => object {
  class Block {
    readonly [ROOT]: unknown
    constructor(event: unknown) {
      this[ROOT] = event
    }
  }
  defineBlocks(Block.prototype, shape, prefix)
  return Block
}

/** `event.exec.file.path`: blocks are small objects that read the event's dotted getters. */
function defineBlocks(prototype: object, shape: Shape, prefix: string): void {
  for (const [name, node] of Object.entries(shape)) {
    if (isField(node)) {
      if (prefix) {
        const full = prefix + name
        Object.defineProperty(prototype, name, {
          enumerable: true,
          get(this: { [ROOT]: Record<string, unknown> }) {
            return this[ROOT][full]
          },
        })
      }
      continue
    }
    // Made when first read: most never are.
    let Block: (new (event: unknown) => object) | undefined
    Object.defineProperty(prototype, name, {
      enumerable: true,
      get(this: { [ROOT]?: unknown }) {
        Block ??= blockOf(node, `${prefix}${name}.`)
        return new Block(prefix ? this[ROOT] : this)
      },
    })
  }
}
