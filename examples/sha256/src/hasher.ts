import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A file as an event names it. What is not known is left out. */
export interface Wanted {
  /** Where to look, best first. */
  readonly paths: readonly string[]
  /** The file must have this inode: a name may lead to another file by now. */
  readonly inode: bigint
  readonly device?: number
  /** mtime and ctime, ns since the epoch: the content must be that of then. Anybody may set the mtime of his own files, nobody the ctime. */
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
      for (const path of wanted.paths) {
        const file = await open(path, FLAGS).catch(() => undefined)
        if (!file) continue
        try {
          if (await isSame(file, wanted)) return await this.#digestOf(file, wanted)
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

  async #digestOf(file: FileHandle, wanted: Wanted): Promise<Digest> {
    const { maxBytes, signal } = this.#options
    if ((await file.stat()).size > maxBytes) return undefined
    const hash = createHash('sha256')
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (let total = 0; ; ) {
      if (signal.aborted) return undefined
      const { bytesRead } = await file.read(chunk, 0, CHUNK, total)
      total += bytesRead
      if (total > maxBytes) return undefined
      if (bytesRead === 0) break
      hash.update(chunk.subarray(0, bytesRead))
    }
    return (await isSame(file, wanted)) ? `sha256:${hash.digest('hex')}` : undefined
  }
}

function keyOf({ device, inode, modified, changed }: Wanted): string | undefined {
  if (device === undefined || modified === undefined || changed === undefined) return undefined
  return `${device}:${inode}:${modified}:${changed}`
}

async function isSame(file: FileHandle, { inode, modified, changed }: Wanted): Promise<boolean> {
  const stat = await file.stat({ bigint: true })
  if (!stat.isFile() || stat.ino !== inode) return false
  return (modified === undefined || modified === stat.mtimeNs) && (changed === undefined || changed === stat.ctimeNs)
}
