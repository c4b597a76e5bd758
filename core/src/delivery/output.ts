import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs'

/** Stdout buffers at most 64 MB. */
const MAX_BUFFERED = 64 * 1024 * 1024
const FIRST_WAIT_MS = 1
const LAST_WAIT_MS = 100
/** A disk that is full is tried less often. */
const DISK_WAIT_MS = 1_000

export interface OutputOptions {
  /** The descriptor; 1 if absent. */
  readonly fd?: number
  readonly limit?: number
  /** Told once when nobody reads any more (or ever again), with the reason. */
  readonly onClosed?: (reason: string) => void
  /** Called when a stalled output has been emptied. */
  readonly onRoom?: () => void
  /** Told when the last write ended within a line, and when that line is whole. */
  readonly onPartial?: (partial: boolean) => void
}

interface Chunk {
  readonly bytes: Buffer
  /** How many events it holds; 0 for what must not be dropped. */
  readonly events: number
  /** Told when it is written whole. */
  readonly onWritten?: (() => void) | undefined
}

/**
 * Stdout, written without ever blocking this thread, and without buffering without bound: lines of events are dropped first. The descriptor is
 * opened anew so that O_NONBLOCK is ours alone (it belongs to the open description, which a terminal shares with the shell). What cannot be
 * opened anew, such as a socket, is written by a thread of the pool, one write in flight.
 */
export class Output {
  #fd: number
  /** Opened here, closed here. */
  readonly #own: boolean
  readonly #byPool: boolean
  readonly #terminal: boolean
  readonly #limit: number
  readonly #options: OutputOptions
  #queue: Chunk[] = []
  /** Index of the first chunk that is not written whole. */
  #head = 0
  /** Bytes of the first chunk that are written. */
  #offset = 0
  #partial = false
  #buffered = 0
  #wait = FIRST_WAIT_MS
  #timer: NodeJS.Timeout | undefined
  #inFlight = false
  #stalled = false
  #closed = false
  #emptied: (() => void)[] = []
  /** Events that were dropped. */
  dropped = 0
  /** Bytes written. */
  written = 0

  constructor(options: OutputOptions = {}) {
    this.#options = options
    this.#limit = options.limit ?? MAX_BUFFERED
    const fd = options.fd ?? 1
    const kind = kindOf(fd)
    // A file keeps its description, whose position stderr may share; it never makes a writer wait for a reader.
    const reopened = kind === 'file' ? undefined : reopen(fd)
    this.#own = reopened !== undefined
    this.#byPool = reopened === undefined && kind !== 'file'
    this.#fd = reopened ?? fd
    this.#terminal = kind === 'device'
  }

  get buffered(): number {
    return this.#buffered
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes a line that must not be lost; false if there is no room even without events: the caller keeps it until `onRoom`. */
  line(text: string, onWritten?: () => void): boolean {
    if (this.#closed) return true
    const bytes = Buffer.from(`${text}\n`)
    if (this.#buffered + bytes.length > this.#limit) this.#dropEvents(this.#buffered + bytes.length - this.#limit)
    if (this.#buffered + bytes.length > this.#limit && this.#buffered > 0) {
      this.#stalled = true
      return false
    }
    this.#push({ bytes, events: 0, onWritten })
    return true
  }

  /** Takes lines of events, or drops and counts them. */
  events(lines: string, count: number): void {
    if (this.#closed) return
    const bytes = Buffer.from(lines.endsWith('\n') ? lines : `${lines}\n`)
    if (this.#buffered + bytes.length > this.#limit) {
      this.dropped += count
      this.#stalled = true
      return
    }
    this.#push({ bytes, events: count })
  }

  /** Settles when all is written, nobody reads any more, or the time is over; true if all is written. */
  async drain(timeoutMs: number): Promise<boolean> {
    if (this.#buffered > 0 && !this.#closed) {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        new Promise<void>((resolve) => this.#emptied.push(resolve)),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, timeoutMs)
        }),
      ])
      clearTimeout(timer)
    }
    return this.#buffered === 0
  }

  /** Ends; what is still buffered is given up. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#end()
    if (this.#own && this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }

  #end(): void {
    this.#closed = true
    this.#queue = []
    this.#head = 0
    this.#offset = 0
    this.#buffered = 0
    this.#wake()
  }

  #push(chunk: Chunk): void {
    this.#queue.push(chunk)
    this.#buffered += chunk.bytes.length
    if (this.#timer === undefined && !this.#inFlight) this.#flush()
  }

  /** Gives up chunks of events, oldest first, until so many bytes are free. The first chunk stays if a part of it is written. */
  #dropEvents(bytes: number): void {
    let freed = 0
    const busy = this.#offset > 0 || this.#inFlight ? this.#queue[this.#head] : undefined
    this.#queue = this.#queue.slice(this.#head).filter((chunk) => {
      if (freed >= bytes || chunk.events === 0 || chunk === busy) return true
      freed += chunk.bytes.length
      this.dropped += chunk.events
      this.#stalled = true
      return false
    })
    this.#head = 0
    this.#buffered -= freed
  }

  #flush(): void {
    if (this.#byPool) this.#flushByPool()
    else this.#flushNow()
  }

  #flushNow(): void {
    for (let chunk = this.#queue[this.#head]; chunk; chunk = this.#queue[this.#head]) {
      try {
        this.#advance(writeSync(this.#fd, chunk.bytes, this.#offset))
      } catch (error) {
        this.#refused(error as NodeJS.ErrnoException)
        return
      }
    }
    this.#emptiedNow()
  }

  #flushByPool(): void {
    const chunk = this.#queue[this.#head]
    if (!chunk) {
      this.#emptiedNow()
      return
    }
    this.#inFlight = true
    write(this.#fd, chunk.bytes, this.#offset, (error, written) => {
      this.#inFlight = false
      if (this.#closed) return
      if (error) this.#refused(error)
      else {
        this.#advance(written)
        this.#flushByPool()
      }
    })
  }

  #advance(written: number): void {
    this.#wait = FIRST_WAIT_MS
    this.written += written
    this.#buffered -= written
    this.#offset += written
    const chunk = this.#queue[this.#head] as Chunk
    const partial = this.#offset < chunk.bytes.length
    if (partial !== this.#partial) this.#options.onPartial?.(partial)
    this.#partial = partial
    if (partial) return
    this.#offset = 0
    chunk.onWritten?.()
    this.#head++
    if (this.#head < 1024 && this.#head < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }

  /** EAGAIN: nobody reads just now. ENOSPC and the like: stdout is a file on a disk that refuses. Anything else: nobody will read again. */
  #refused(error: NodeJS.ErrnoException): void {
    const full = error.code === 'ENOSPC' || error.code === 'EDQUOT' || (error.code === 'EIO' && !this.#terminal)
    if (error.code !== 'EAGAIN' && error.code !== 'EINTR' && !full) {
      this.#end()
      this.#options.onClosed?.(error.code ?? error.message)
      return
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#flush()
      },
      full ? DISK_WAIT_MS : this.#wait,
    )
    this.#wait = Math.min(this.#wait * 2, LAST_WAIT_MS)
  }

  #emptiedNow(): void {
    this.#wake()
    if (!this.#stalled) return
    this.#stalled = false
    this.#options.onRoom?.()
  }

  #wake(): void {
    for (const settle of this.#emptied.splice(0)) settle()
  }
}

function reopen(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_APPEND, O_NOCTTY } = constants
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY)
  } catch {
    return undefined
  }
}

function kindOf(fd: number): 'file' | 'device' | 'other' {
  try {
    const info = fstatSync(fd)
    return info.isFile() ? 'file' : info.isCharacterDevice() ? 'device' : 'other'
  } catch {
    return 'other'
  }
}
