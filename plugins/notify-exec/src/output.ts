import type { Readable } from 'node:stream'
import { printable } from '@cws/core'

/** Of one run and one stream: whoever writes more finds it closed. */
const MAX_BYTES = 1024 * 1024
/** What is kept, to show its first line. */
const KEPT = 400
const SHOWN = 200

/** What a program writes: counted, and forgotten but for its beginning. */
export class Output {
  #bytes = 0
  #kept = Buffer.alloc(0)

  constructor(stream: Readable) {
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => {
      if (this.#kept.length < KEPT) this.#kept = Buffer.concat([this.#kept, chunk.subarray(0, KEPT - this.#kept.length)])
      this.#bytes += chunk.length
      if (this.#bytes > MAX_BYTES) stream.destroy()
    })
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Its first line that says something, with nothing in it that a terminal would act on. */
  get firstLine(): string {
    const line =
      this.#kept
        .toString('utf8')
        .split('\n')
        .find((line) => line.trim() !== '') ?? ''
    return printable(line.trim()).slice(0, SHOWN)
  }
}
