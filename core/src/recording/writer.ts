import { closeSync, constants as fsConstants, fsyncSync, openSync, writeSync } from 'node:fs'
import { createZstdCompress, constants as zlib } from 'node:zlib'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { RecordingHead } from './head.ts'

/** How often what was recorded is put on disk, so that a recorder that is killed loses no more. */
const FLUSH_MS = 1_000
/** Text that may wait for the compressor; more is dropped and counted. */
const MAX_WAITING = 64 * 1024 * 1024

export interface WriterOptions {
  readonly path: string
  readonly head: RecordingHead
  /** Bytes of the file after which no more is taken. */
  readonly maxBytes: number
  /** Told once when nothing more is taken: the file is full, or cannot be written. */
  readonly onEnd: (reason: 'full' | Error) => void
}

/** Writes a recording: lines of JSON, compressed by zstd, in a new file that nobody but its owner reads. */
export class RecordingWriter {
  readonly #options: WriterOptions
  readonly #fd: number
  readonly #stream = createZstdCompress({ params: { [zlib.ZSTD_c_compressionLevel]: 3, [zlib.ZSTD_c_windowLog]: 22 } })
  readonly #timer: NodeJS.Timeout
  #ended = false
  #waiting = 0
  /** Bytes of the file. */
  bytes = 0
  events = 0
  /** Events that came faster than they could be written. */
  dropped = 0

  /** @throws CwsError CWS_ERR_RECORDING if there is such a file already, or it cannot be made */
  constructor(options: WriterOptions) {
    this.#options = options
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fsConstants
    try {
      this.#fd = openSync(options.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
      throw new CwsError(
        'CWS_ERR_RECORDING',
        exists ? `${options.path} is there already` : `cannot make ${options.path}: ${messageOf(error)}`,
        {
          cause: error,
          ...(exists ? { hint: 'name a file that is not there' } : {}),
        },
      )
    }
    this.#stream.on('data', (chunk: Buffer) => this.#put(chunk))
    this.#stream.on('error', (error) => this.#end(error))
    this.#stream.write(`${JSON.stringify(options.head)}\n`)
    this.#timer = setInterval(() => this.#stream.flush(), FLUSH_MS).unref()
  }

  /** Takes lines of `count` events, joined by newlines. False if there was no room: they are lost, and counted. */
  write(lines: string, count: number): boolean {
    if (this.#ended) return true
    if (this.#waiting > MAX_WAITING) {
      this.dropped += count
      return false
    }
    const text = `${lines}\n`
    this.events += count
    this.#waiting += text.length
    this.#stream.write(text, () => {
      this.#waiting -= text.length
    })
    return true
  }

  /** Settles when all that was taken is in the file, on the disk. */
  async close(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    if (!this.#stream.destroyed)
      await new Promise<void>((resolve) => {
        this.#stream.once('end', resolve).once('error', () => resolve())
        this.#stream.end()
      })
    try {
      fsyncSync(this.#fd)
    } finally {
      closeSync(this.#fd)
    }
  }

  #put(chunk: Buffer): void {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#fd, chunk, at)
    } catch (error) {
      this.#stream.destroy()
      this.#end(error as Error)
      return
    }
    this.bytes += chunk.length
    if (this.bytes >= this.#options.maxBytes) this.#end('full')
  }

  #end(reason: 'full' | Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd(reason)
  }
}
