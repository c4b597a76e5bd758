import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A file as an event names it. */
export interface Wanted {
  /** Where to look, best first. */
  readonly paths: readonly string[]
  /** The file must have this inode: a name may lead to another file by now. */
  readonly inode: bigint
}

export interface HasherOptions {
  readonly maxBytes: number
  readonly cacheEntries: number
  readonly signal: AbortSignal
}

/** Files that are read at the same time; the others wait. */
const CONCURRENT = 2
/** Files that may wait; more are not hashed. */
const WAITING = 256
const CHUNK = 256 * 1024
/** Never waits for the other end of a FIFO, never follows a link in the last component but the kernel's own below /proc. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** Digests of files: each content once, a few at a time, bounded in size and number. */
export class Hasher {
  readonly #options: HasherOptions
  readonly #cache = new Map<string, string>()
  readonly #queue: (() => void)[] = []
  readonly #jobs = new Set<Promise<string | undefined>>()
  #busy = 0

  constructor(options: HasherOptions) {
    this.#options = options
  }

  /** `sha256:<hex>` of the file, or undefined if it is gone, is another one by now, is no regular file, or is too large. */
  digest(wanted: Wanted): Promise<string | undefined> {
    if (this.#queue.length >= WAITING || this.#options.signal.aborted) return Promise.resolve(undefined)
    const job = this.#run(wanted)
    this.#jobs.add(job)
    const done = () => this.#jobs.delete(job)
    job.then(done, done)
    return job
  }

  /** Settles when no file is open any more. Abort the signal first. */
  async idle(): Promise<void> {
    for (const wake of this.#queue.splice(0)) wake()
    await Promise.allSettled(this.#jobs)
  }

  async #run(wanted: Wanted): Promise<string | undefined> {
    if (this.#busy >= CONCURRENT) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#busy++
    try {
      for (const path of wanted.paths) {
        const file = await open(path, FLAGS).catch(() => undefined)
        if (!file) continue
        try {
          const stat = await file.stat({ bigint: true })
          if (stat.isFile() && stat.ino === wanted.inode) return await this.#digestOf(file)
        } finally {
          await file.close()
        }
      }
      return undefined
    } finally {
      this.#busy--
      this.#queue.shift()?.()
    }
  }

  async #digestOf(file: FileHandle): Promise<string | undefined> {
    const { maxBytes, cacheEntries } = this.#options
    const before = await identityOf(file)
    if (before.size > BigInt(maxBytes)) return undefined
    const cached = this.#cache.get(before.key)
    if (cached !== undefined) return cached
    const hash = await this.#read(file)
    if (hash === undefined || (await identityOf(file)).key !== before.key) return undefined
    if (this.#cache.size >= cacheEntries) this.#cache.delete(this.#cache.keys().next().value as string)
    this.#cache.set(before.key, hash)
    return hash
  }

  async #read(file: FileHandle): Promise<string | undefined> {
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

/** What changes when the content does. The change time is in it because anybody may set the modification time of his own files. */
async function identityOf(file: FileHandle): Promise<{ readonly key: string; readonly size: bigint }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
  return { key: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, size }
}
