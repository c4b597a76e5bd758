import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A file as an event names it. What is not known is left out. */
export interface Wanted {
  /** The kernel's own link to the program that a process runs (`/proc/PID/exe`): nobody can write to that file while the process lives. */
  readonly running?: string
  /** Where else to look, best first: names, which may lead to another file or to another content by now. */
  readonly paths: readonly string[]
  readonly inode: bigint
  readonly device?: number
  /** mtime and ctime, ns since the epoch. Anybody may set the mtime of his own files, nobody the ctime. */
  readonly modified?: bigint
  readonly changed?: bigint
}

export interface HasherOptions {
  readonly maxBytes: number
  readonly cacheEntries: number
  readonly signal: AbortSignal
}

/** `sha256:<hex>`; undefined if the file is gone, is another one by now, is no regular file, or is too large. */
export type Digest = string | undefined

/** Files that are read at the same time; the others wait. */
const CONCURRENT = 2
/** Files that may wait; more are not hashed. */
const WAITING = 256
const CHUNK = 256 * 1024
/** Never waits for the other end of a FIFO. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** Digests of files: each content once, a few at a time, bounded in size and number. */
export class Hasher {
  readonly #options: HasherOptions
  /** By device, inode and both times: what is known, and what is being read. */
  readonly #known = new Map<string, string | Promise<Digest>>()
  readonly #queue: (() => void)[] = []
  readonly #jobs = new Set<Promise<Digest>>()
  #busy = 0

  constructor(options: HasherOptions) {
    this.#options = options
  }

  /** At once if the content is known, else a promise. */
  digest(wanted: Wanted): Digest | Promise<Digest> {
    const key = keyOf(wanted)
    const known = key === undefined ? undefined : this.#known.get(key)
    if (known !== undefined) return known
    if (this.#queue.length >= WAITING || this.#options.signal.aborted) return undefined
    const job = this.#run(wanted)
    this.#jobs.add(job)
    if (key !== undefined) this.#remember(key, job)
    const done = (digest?: Digest) => {
      this.#jobs.delete(job)
      if (key === undefined || this.#known.get(key) !== job) return
      if (digest === undefined) this.#known.delete(key)
      else this.#known.set(key, digest)
    }
    job.then(done, () => done())
    return job
  }

  /** Settles when no file is open any more. Abort the signal first. */
  async idle(): Promise<void> {
    for (const wake of this.#queue.splice(0)) wake()
    await Promise.allSettled(this.#jobs)
  }

  #remember(key: string, job: Promise<Digest>): void {
    if (this.#known.size >= this.#options.cacheEntries) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(key, job)
  }

  async #run(wanted: Wanted): Promise<Digest> {
    if (this.#busy >= CONCURRENT) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#busy++
    try {
      const { running, paths } = wanted
      // A program that deletes itself has another ctime from then on: of what runs the inode is proof enough.
      if (running !== undefined) {
        const digest = await this.#look(running, { inode: wanted.inode })
        if (digest !== undefined) return digest
      }
      for (const path of paths) {
        const digest = await this.#look(path, wanted)
        if (digest !== undefined) return digest
      }
      return undefined
    } finally {
      this.#busy--
      this.#queue.shift()?.()
    }
  }

  /** The digest of the file there, if it is the one and stays the same while it is read. */
  async #look(path: string, { inode, modified, changed }: Pick<Wanted, 'inode' | 'modified' | 'changed'>): Promise<Digest> {
    const file = await open(path, FLAGS).catch(() => undefined)
    if (!file) return undefined
    try {
      const before = await file.stat({ bigint: true })
      if (!before.isFile() || before.ino !== inode || before.size > BigInt(this.#options.maxBytes)) return undefined
      if (modified !== undefined && modified !== before.mtimeNs) return undefined
      if (changed !== undefined && changed !== before.ctimeNs) return undefined
      const digest = await this.#read(file)
      const after = await file.stat({ bigint: true })
      return after.mtimeNs === before.mtimeNs && after.size === before.size ? digest : undefined
    } finally {
      await file.close()
    }
  }

  async #read(file: FileHandle): Promise<Digest> {
    const hash = createHash('sha256')
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (let total = 0; ; ) {
      if (this.#options.signal.aborted) return undefined
      const { bytesRead } = await file.read(chunk, 0, CHUNK, total)
      if (bytesRead === 0) return `sha256:${hash.digest('hex')}`
      total += bytesRead
      if (total > this.#options.maxBytes) return undefined
      hash.update(chunk.subarray(0, bytesRead))
    }
  }
}

function keyOf({ device, inode, modified, changed }: Wanted): string | undefined {
  if (device === undefined || modified === undefined || changed === undefined) return undefined
  return `${device}:${inode}:${modified}:${changed}`
}
