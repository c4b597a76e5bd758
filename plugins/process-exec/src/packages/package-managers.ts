import { type Actor, UNKNOWN, type Unknown } from '@cws/core'
import type { Get } from '../fields/file-fields.ts'
import type { Node } from '../table/nodes.ts'
import type { ProcessTable } from '../table/process-table.ts'
import type { HeldLocks } from './held-locks.ts'
import { type Manager, managers } from './managers.ts'

/** What stands above an image is looked at again after so long: it may have been completed. */
const GOOD_MS = 1000
/** A lock may be taken later: so long it is not looked for again, however many events there are. */
const UNLOCKED_MS = 10
/** Images and processes that are remembered; then all are forgotten. */
const MAX_KNOWN = 4096
const MAX_DEPTH = 128
/** Variables by which whoever starts a program puts code of his own into it. */
const FOREIGN_CODE = [
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'NODE_OPTIONS',
  'NODE_PATH',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'GCONV_PATH',
  'PYTHONHOME',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONUSERBASE',
  'PERL5DB',
  'PERL5LIB',
  'PERL5OPT',
  'PERLLIB',
]
/** Bits of a mode by which others than its owner may write. */
const WRITABLE = 0o022

/** What can be read of an image here. */
type Fields = Readonly<Record<string, Get>>

/** A package manager, and which of its images is meant. */
interface Found {
  readonly manager: Manager
  readonly node: Node
}

/**
 * The package manager that a process works for. It must be the host's own program: at its path among the mounts of process 1 (in a namespace of
 * its own anybody can put any file there), owned by root and writable for nobody else, without code of others put into it by its environment;
 * and it must hold the lock that it works under: `dpkg -l` with a pager from which somebody starts a shell is at work on nothing. Who held it once is believed as long as it runs.
 */
export class PackageManagers {
  readonly #table: ProcessTable
  readonly #fields: Fields
  readonly #locks: HeldLocks
  /** Inode number of the mount namespace of process 1; undefined if it may not be known: then nobody is believed. */
  readonly #mounts: number | undefined
  readonly #now: () => number
  readonly #byProgram = new Map<string, readonly Manager[]>()
  /** By the number of an image: who it and what stands above it works for. */
  readonly #known = new Map<number, { readonly found: Found | undefined; readonly until: number }>()
  /** By the number of a process: until when it is known whether it is at work. Who held its lock is believed as long as it runs. */
  readonly #atWork = new Map<number, { readonly held: boolean; readonly until: number }>()

  constructor(table: ProcessTable, fields: Fields, locks: HeldLocks, mounts: number | undefined, now = () => performance.now()) {
    this.#table = table
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
    const itself = this.#managerAt(actor)
    const found = itself ? { manager: itself, node: actor } : this.#from(this.#table.nodes.up[actor] as Node, MAX_DEPTH)
    return found && this.#isAtWork(found) ? found.manager.name : ''
  }

  /** Whose work those below this image do. Forks and programs share what stands above them, and so what is known of it. */
  #from(node: Node, depth: number): Found | undefined {
    if (node === 0 || depth === 0) return undefined
    const image = this.#table.nodes.image[node] as number
    const known = this.#known.get(image)
    const now = this.#now()
    if (known && known.until > now) return known.found
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const manager = this.#managerAt(node)
    const found = manager?.below ? { manager, node } : this.#from(this.#table.nodes.up[node] as Node, depth - 1)
    this.#known.set(image, { found, until: now + GOOD_MS })
    return found
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
    const names = this.#fields['envs']?.(node)
    if (Array.isArray(names) && FOREIGN_CODE.some((name) => names.includes(name))) return false
    return this.#mounts !== undefined && this.#fields['ns.mnt']?.(node) === this.#mounts
  }

  #isAtWork({ manager, node }: Found): boolean {
    const process = this.#table.nodes.serial[node] as number
    const known = this.#atWork.get(process)
    const now = this.#now()
    if (known && known.until > now) return known.held
    const held = this.#locks.isHeld(manager, this.#pidsOf(manager, node)) !== false
    if (this.#atWork.size >= MAX_KNOWN) this.#atWork.clear()
    this.#atWork.set(process, { held, until: held ? Number.POSITIVE_INFINITY : now + UNLOCKED_MS })
    return held
  }

  /** It may have been started by another of its programs, as dpkg by apt, that holds the lock for both. */
  #pidsOf(manager: Manager, node: Node): readonly number[] {
    const { pid, up } = this.#table.nodes
    const pids = [pid[node] as number]
    let depth = MAX_DEPTH
    for (let at = up[node] as Node; at !== 0 && depth > 0; at = up[at] as Node, depth--)
      if (manager.programs.includes(String(this.#fields['file.path']?.(at))) && this.#isTheHosts(at)) pids.push(pid[at] as number)
    return pids
  }
}
