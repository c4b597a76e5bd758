import { type Actor, UNKNOWN, type Unknown } from '@cws/core'
import type { Get } from '../fields/file-fields.ts'
import type { Lineage } from '../fields/lineage.ts'
import type { Node } from '../table/nodes.ts'
import type { ProcessTable } from '../table/process-table.ts'
import type { HeldLocks } from './held-locks.ts'
import { type Manager, managers } from './managers.ts'

/** What was found of an image is good for so long: a lock may be taken later. */
const GOOD_MS = 100
/** Images and processes that are remembered; then all are forgotten. */
const MAX_KNOWN = 4096
/** Bits of a mode by which others than its owner may write. */
const WRITABLE = 0o022

/** What can be read of an image here. */
type Fields = Readonly<Record<string, Get>>

interface Found {
  readonly name: string
  readonly until: number
}

/**
 * The package manager that a process works for. It must be the host's own program: at its path among the mounts of process 1 (in a namespace of
 * its own anybody can put any file there), owned by root and writable for nobody else; and it must hold the lock that it works under: `dpkg -l`
 * with a pager from which somebody starts a shell is at work on nothing. Who held it once is believed as long as it runs.
 */
export class PackageManagers {
  readonly #table: ProcessTable
  readonly #lineage: Lineage
  readonly #fields: Fields
  readonly #locks: HeldLocks
  /** Inode number of the mount namespace of process 1; undefined if it may not be known: then nobody is believed. */
  readonly #mounts: number | undefined
  readonly #now: () => number
  readonly #byProgram = new Map<string, readonly Manager[]>()
  readonly #found = new Map<number, Found>()
  /** Numbers of processes that held their lock. */
  readonly #holders = new Set<number>()

  constructor(
    table: ProcessTable,
    lineage: Lineage,
    fields: Fields,
    locks: HeldLocks,
    mounts: number | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#table = table
    this.#lineage = lineage
    this.#fields = fields
    this.#locks = locks
    this.#mounts = mounts
    this.#now = now
    for (const manager of managers)
      for (const program of manager.programs) this.#byProgram.set(program, [...(this.#byProgram.get(program) ?? []), manager])
  }

  /** Its name, empty if there is none. */
  of(actor: Actor): string | Unknown {
    if (actor < 0) return UNKNOWN
    const image = this.#table.nodes.image[actor] as number
    const known = this.#found.get(image)
    const now = this.#now()
    if (known && known.until > now) return known.name
    if (this.#found.size >= MAX_KNOWN) this.#found.clear()
    const name = this.#find(actor)
    this.#found.set(image, { name, until: now + GOOD_MS })
    return name
  }

  #find(actor: Node): string {
    const line = [actor, ...this.#lineage.above(actor)]
    for (const [i, node] of line.entries()) {
      const manager = this.#managerAt(node)
      if (manager && (i === 0 || manager.below) && this.#isAtWork(manager, node, line)) return manager.name
    }
    return ''
  }

  #managerAt(node: Node): Manager | undefined {
    const path = this.#fields['file.path']?.(node)
    const candidates = typeof path === 'string' ? this.#byProgram.get(path) : undefined
    return candidates?.find((manager) => this.#isItsScript(manager, node) && this.#isTheHosts(node))
  }

  #isItsScript({ scripts }: Manager, node: Node): boolean {
    if (!scripts) return true
    const argv = this.#fields['argv']?.(node)
    return Array.isArray(argv) && scripts.includes(argv[0])
  }

  #isTheHosts(node: Node): boolean {
    const owner = this.#fields['file.uid']?.(node)
    const mode = this.#fields['file.mode']?.(node)
    // Of a script neither is known: its path is what is left, and only root writes there.
    if (typeof owner === 'number' && owner !== 0) return false
    if (typeof mode === 'number' && (mode & WRITABLE) !== 0) return false
    return this.#mounts !== undefined && this.#fields['ns.mnt']?.(node) === this.#mounts
  }

  #isAtWork(manager: Manager, node: Node, line: readonly Node[]): boolean {
    const { serial, pid } = this.#table.nodes
    const process = serial[node] as number
    if (this.#holders.has(process)) return true
    const held = this.#locks.isHeld(
      manager,
      line.map((one) => pid[one] as number),
    )
    if (held === false) return false
    if (this.#holders.size >= MAX_KNOWN) this.#holders.clear()
    this.#holders.add(process)
    return true
  }
}
