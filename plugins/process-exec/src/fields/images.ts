import { textOf, UNKNOWN, type Unknown } from '@cws/core'
import type { Clock } from '../clock.ts'
import { containerIdOf } from '../container-id.ts'
import { EXEC, EXEC_SIZE, FLAG, HEADER, TYPE } from '../record/layout.ts'
import type { Memory } from '../record/memory.ts'
import type { Node } from '../table/nodes.ts'
import type { ProcessTable } from '../table/process-table.ts'
import { SLAB_MAX } from '../table/slab.ts'
import type { StringId } from '../table/strings.ts'
import type { Names } from '../users.ts'
import { KeptLists } from './kept-lists.ts'

/** The record under dispatch: arguments and environment are read from it in full, while the table keeps only their beginning. */
export interface LiveRecord {
  node: Node
  memory: Memory | undefined
  /** Offset of the record, -1 if none is under dispatch. */
  at: number
}

/** A list of the record under dispatch, which each change of the table ends. */
interface DecodedList {
  version: number
  memory: Memory | undefined
  at: number
  list: readonly string[] | Unknown
}

/** What can be read of process images. All methods give UNKNOWN where the record said nothing. */
export class Images {
  readonly table: ProcessTable
  readonly users: Names
  readonly groups: Names
  readonly clock: Clock
  readonly live: LiveRecord = { node: 0, memory: undefined, at: -1 }
  readonly nameOf: (id: StringId) => string
  readonly #containerOf: (id: StringId) => string
  readonly #argv: DecodedList = { version: -1, memory: undefined, at: -1, list: UNKNOWN }
  readonly #envp: DecodedList = { version: -1, memory: undefined, at: -1, list: UNKNOWN }
  readonly #environments: KeptLists

  constructor(table: ProcessTable, users: Names, groups: Names, clock: Clock) {
    this.table = table
    this.users = users
    this.groups = groups
    this.clock = clock
    this.nameOf = table.strings.derive(baseName)
    this.#containerOf = table.strings.derive(containerIdOf)
    this.#environments = new KeptLists(table.strings, (id) => this.#entriesOf(id))
  }

  flags(node: Node): number {
    const row = this.#row(node)
    return row === 0 ? 0 : this.table.rows.flags(row)
  }

  u32(node: Node, offset: number): number | Unknown {
    const row = this.#row(node)
    return row === 0 ? UNKNOWN : this.table.rows.u32(row, offset)
  }

  u64(node: Node, offset: number): bigint | Unknown {
    const row = this.#row(node)
    return row === 0 ? UNKNOWN : this.table.rows.u64(row, offset)
  }

  textId(node: Node, offset: number): StringId {
    const row = this.#row(node)
    return row === 0 ? 0 : this.table.rows.textId(row, offset)
  }

  text(node: Node, offset: number): string | Unknown {
    const id = this.textId(node, offset)
    return id === 0 ? this.#liveText(node, offset) : this.table.strings.text(id)
  }

  /** The last component of a path. */
  name(node: Node, offset: number): string | Unknown {
    const id = this.textId(node, offset)
    if (id !== 0) return this.nameOf(id)
    const path = this.#liveText(node, offset)
    return path === UNKNOWN ? UNKNOWN : baseName(path)
  }

  /** The record under dispatch, if it is the exec that made this image: where its texts are whole. */
  #execOf(node: Node): Memory | undefined {
    const { memory, at } = this.live
    if (this.live.node !== node || at < 0 || !memory) return undefined
    return memory.u16[(at + HEADER.type) >>> 1] === TYPE.EXEC ? memory : undefined
  }

  /** From the record under dispatch: who fills the table with long texts must not hide what runs now. */
  #liveText(node: Node, offset: number): string | Unknown {
    const { at } = this.live
    const memory = this.#execOf(node)
    if (this.#row(node) === 0 || !memory) return UNKNOWN
    const from = memory.u32[(at + offset) >>> 2] as number
    const length = memory.u32[((at + offset) >>> 2) + 1] as number
    return from >= EXEC_SIZE && from + length <= (memory.u32[at >>> 2] as number)
      ? textOf(memory.u8, at + from, at + from + length)
      : UNKNOWN
  }

  comm(node: Node): string | Unknown {
    const row = this.#row(node)
    if (row === 0) return UNKNOWN
    const { u8 } = this.table.rows.memory
    const start = this.table.rows.offsetOf(row) + EXEC.comm
    return textOf(u8, start, terminated(u8, start, start + 16))
  }

  containerId(node: Node): string | Unknown {
    const id = this.textId(node, EXEC.cgroup)
    if (this.flags(node) & FLAG.CGROUP_TRUNCATED) return UNKNOWN
    if (id !== 0) return this.#containerOf(id)
    const cgroup = this.#liveText(node, EXEC.cgroup)
    return cgroup === UNKNOWN ? UNKNOWN : containerIdOf(cgroup)
  }

  /** The entries of argv or envp, each of which ends in NUL. Those of the record under dispatch are decoded once. */
  list(node: Node, offset: number, unknownFlag: number): readonly string[] | Unknown {
    const row = this.#row(node)
    if (row === 0 || this.table.rows.flags(row) & unknownFlag) return UNKNOWN
    const { at } = this.live
    const memory = this.#execOf(node)
    if (!memory) return this.#keptList(row, offset)
    if (offset === EXEC.envp && this.table.rows.textLength(row, offset) <= SLAB_MAX) {
      const id = this.table.rows.textId(row, offset)
      if (id !== 0) return this.#environments.of(id)
    }
    const decoded = offset === EXEC.argv ? this.#argv : this.#envp
    if (decoded.version === this.table.version && decoded.memory === memory && decoded.at === at) return decoded.list
    decoded.version = this.table.version
    decoded.memory = memory
    decoded.at = at
    decoded.list = listAt(memory, at, offset)
    return decoded.list
  }

  #keptList(row: number, offset: number): readonly string[] | Unknown {
    const id = this.table.rows.textId(row, offset)
    if (id === 0) return UNKNOWN
    return offset === EXEC.envp ? this.#environments.of(id) : this.#entriesOf(id)
  }

  #entriesOf(id: StringId): readonly string[] {
    const { strings } = this.table
    const start = strings.offsetOf(id)
    return entries(strings.bufferOf(id), start, start + strings.lengthOf(id))
  }

  /** Whether argv or envp are longer than what `list` gives. */
  truncated(node: Node, offset: number, flag: number): boolean | Unknown {
    const row = this.#row(node)
    if (row === 0) return UNKNOWN
    return (this.table.rows.flags(row) & flag) !== 0 || (!this.#execOf(node) && this.table.rows.textLength(row, offset) > SLAB_MAX)
  }

  #row(node: Node): number {
    return this.table.nodes.row[node] as number
  }
}

/** The last component of a path; a memory file's name is not cut at slashes, which it may hold. */
export function baseName(path: string): string {
  return path.startsWith('memfd:') ? path : path.slice(path.lastIndexOf('/') + 1)
}

function terminated(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== 0) at++
  return at
}

function listAt(memory: Memory, at: number, offset: number): readonly string[] | Unknown {
  const from = memory.u32[(at + offset) >>> 2] as number
  const length = memory.u32[((at + offset) >>> 2) + 1] as number
  const size = memory.u32[at >>> 2] as number
  return from >= EXEC_SIZE && from + length <= size ? entries(memory.u8, at + from, at + from + length) : UNKNOWN
}

/** Decoded as one text and then parted: no character of UTF-8, and no escape, holds a NUL. */
function entries(bytes: Uint8Array, start: number, end: number): readonly string[] {
  if (start === end) return []
  return textOf(bytes, start, bytes[end - 1] === 0 ? end - 1 : end).split('\0')
}
