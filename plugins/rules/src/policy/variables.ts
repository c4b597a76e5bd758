import { type Readable, UNKNOWN } from '@cws/core'
import type { Declaration, Scalar, VariableScope } from './declare.ts'

/** Processes, containers and control groups of which something is known; the one that was set longest ago goes first. */
const MOST_OWNERS: Readonly<Record<VariableScope, number>> = { global: 1, process: 10_000, container: 1_000, cgroup: 1_000 }
/** Bytes of all texts together, about; then the owner that was set longest ago goes. */
const MOST_BYTES = 32 << 20
/** Characters of a text that are kept. */
const LONGEST_TEXT = 4_096
/** What an element costs beside its text, about. Bytes. */
const ELEMENT = 64

interface Held {
  value: Scalar
  /** ns since the epoch; undefined: never. */
  expires: bigint | undefined
}

/** By variable its value, or by element the elements of a list, the one that was set longest ago first. */
type Values = Map<string, Held | Map<Scalar, Held>>

interface Owner {
  readonly scope: VariableScope
  readonly key: string
  readonly values: Values
  bytes: number
  /** When the process was seen to end, ns since the epoch. Its children may still inherit what it has. */
  ended?: bigint
}

/** What variables hold: of everybody, and of processes, containers and control groups while they live. Bounded in number and bytes. */
export class VariableStore {
  readonly #owners: Readonly<Record<VariableScope, Map<string, Owner>>> = {
    global: new Map(),
    process: new Map(),
    container: new Map(),
    cgroup: new Map(),
  }
  #bytes = 0
  /** Owners whose values were let go for want of room. */
  evicted = 0

  /**
   * The value of a variable for an event: what was set last and has not expired, else the initial one. UNKNOWN where it is not known whose
   * it would be.
   */
  read(declaration: Declaration, event: Readable): unknown {
    const key = keyOf(declaration.scope, event)
    if (key === UNKNOWN) return UNKNOWN
    const own = key === undefined ? undefined : this.#live(declaration.scope, key)?.values.get(declaration.name)
    const found = own ?? (declaration.inherited ? this.#inherited(declaration.name, event) : undefined)
    return found === undefined ? declaration.initial : heldValue(found, declaration, timeOf(event))
  }

  /** Sets a variable for an event, or for the process of `pid`. False if nobody knows whose it would be. */
  set(declaration: Declaration, event: Readable, value: unknown, pid?: unknown): boolean {
    const { scope, name, type, ttlMs, size } = declaration
    const key = pid === undefined ? keyOf(scope, event) : keyOfPid(pid)
    if (key === undefined || key === UNKNOWN) return false
    const values = (Array.isArray(value) ? value.flat() : [value]).map(scalarOf)
    if (values.some((one) => one === undefined) || (!type.array && values.length !== 1)) return false
    const owner = this.#ownerOf(scope, key)
    const now = timeOf(event)
    const expires = ttlMs > 0 ? now + BigInt(Math.round(ttlMs * 1e6)) : undefined
    if (!type.array) {
      this.#count(owner, -bytesOf(owner.values.get(name)))
      const held = { value: values[0] as Scalar, expires }
      owner.values.set(name, held)
      this.#count(owner, bytesOf(held))
    } else {
      const list = (owner.values.get(name) ?? new Map()) as Map<Scalar, Held>
      const drop = (held: Held) => {
        list.delete(held.value)
        this.#count(owner, -bytesOf(held))
      }
      const oldest = () => list.values().next().value
      for (let held = oldest(); held && isOver(held, now); held = oldest()) drop(held)
      for (const one of values as Scalar[]) {
        // A list is a set; what is set again is the newest.
        const known = list.get(one)
        if (known) drop(known)
        const held = { value: one, expires }
        list.set(one, held)
        this.#count(owner, bytesOf(held))
        if (list.size > size) drop(oldest() as Held)
      }
      owner.values.set(name, list)
    }
    this.#makeRoom(owner)
    return true
  }

  /** A process has ended: what no child can inherit is let go. */
  end(event: Readable, isInherited: (name: string) => boolean): void {
    const key = keyOf('process', event)
    if (key === undefined || key === UNKNOWN) return
    const owner = this.#owners.process.get(key)
    if (owner === undefined) return
    for (const [name, held] of owner.values)
      if (!isInherited(name)) {
        owner.values.delete(name)
        this.#count(owner, -bytesOf(held))
      }
    if (owner.values.size === 0) this.#remove(owner)
    else owner.ended = timeOf(event)
  }

  /** Owners and bytes that are held now. */
  get size(): { readonly owners: number; readonly bytes: number } {
    return { owners: Object.values(this.#owners).reduce((sum, map) => sum + map.size, 0), bytes: this.#bytes }
  }

  #inherited(name: string, event: Readable): Held | Map<Scalar, Held> | undefined {
    const pids = event.get('process.ancestors.pid')
    if (!Array.isArray(pids)) return undefined
    const starts = event.get('process.ancestors.created_at')
    for (const [i, pid] of pids.entries()) {
      const key = keyOfPid(pid)
      const owner = typeof key === 'string' ? this.#owners.process.get(key) : undefined
      if (!owner) continue
      const start: unknown = Array.isArray(starts) ? starts[i] : undefined
      // Another process had this pid before.
      if (owner.ended !== undefined && typeof start === 'bigint' && start > owner.ended) continue
      const held = owner.values.get(name)
      if (held !== undefined) return held
    }
    return undefined
  }

  /** What the owner of an event has. Of a process that has ended nothing: another one has its pid now. */
  #live(scope: VariableScope, key: string): Owner | undefined {
    const owner = this.#owners[scope].get(key)
    return owner?.ended === undefined ? owner : undefined
  }

  #ownerOf(scope: VariableScope, key: string): Owner {
    const owners = this.#owners[scope]
    const known = owners.get(key)
    if (known && known.ended !== undefined) this.#remove(known)
    const owner = this.#live(scope, key) ?? { scope, key, values: new Map(), bytes: 0 }
    owners.delete(key)
    owners.set(key, owner)
    return owner
  }

  #makeRoom(keep: Owner): void {
    const owners = this.#owners[keep.scope]
    while (owners.size > MOST_OWNERS[keep.scope]) this.#evict(owners.values().next().value as Owner)
    for (const map of [this.#owners.process, this.#owners.container, this.#owners.cgroup])
      while (this.#bytes > MOST_BYTES && map.size > 0) {
        const oldest = map.values().next().value as Owner
        if (oldest === keep) break
        this.#evict(oldest)
      }
    if (this.#bytes > MOST_BYTES) this.#evict(keep)
  }

  #evict(owner: Owner): void {
    this.evicted++
    this.#remove(owner)
  }

  #remove(owner: Owner): void {
    this.#owners[owner.scope].delete(owner.key)
    this.#bytes -= owner.bytes
  }

  #count(owner: Owner, bytes: number): void {
    owner.bytes += bytes
    this.#bytes += bytes
  }
}

/** Whose a variable is on an event: undefined if it is nobody's (`container` on the host), UNKNOWN if that is not known. */
function keyOf(scope: VariableScope, event: Readable): string | undefined | typeof UNKNOWN {
  if (scope === 'global') return ''
  if (scope === 'process') return keyOfPid(event.get('process.pid'))
  const id = event.get(`${scope}.id`)
  return typeof id === 'string' ? id || undefined : UNKNOWN
}

function keyOfPid(pid: unknown): string | typeof UNKNOWN {
  return typeof pid === 'number' || typeof pid === 'bigint' ? String(pid) : UNKNOWN
}

/** ns since the epoch: the time of the event, so that a replay does the same. */
export function timeOf(event: Readable): bigint {
  const time = event.get('event.timestamp')
  return typeof time === 'bigint' ? time : BigInt(Date.now()) * 1_000_000n
}

function isOver({ expires }: Held, now: bigint): boolean {
  return expires !== undefined && expires <= now
}

function heldValue(held: Held | Map<Scalar, Held>, { initial }: Declaration, now: bigint): unknown {
  if (!(held instanceof Map)) return isOver(held, now) ? initial : held.value
  const elements: Scalar[] = []
  for (const one of held.values()) if (!isOver(one, now)) elements.push(one.value)
  return elements.length > 0 ? elements : initial
}

/** Undefined for what no variable holds: UNKNOWN, and what is no scalar. */
function scalarOf(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? value.slice(0, LONGEST_TEXT) : value
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  return typeof value === 'boolean' || typeof value === 'number' ? value : undefined
}

function bytesOf(held: Held | Map<Scalar, Held> | undefined): number {
  if (held === undefined) return 0
  if (!(held instanceof Map)) return ELEMENT + (typeof held.value === 'string' ? 2 * held.value.length : 0)
  let sum = 0
  for (const one of held.values()) sum += bytesOf(one)
  return sum
}
