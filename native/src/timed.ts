import { addon, type Handle } from './addon.ts'

/**
 * Reads files whose reading somebody may hold up for good, such as /proc/PID/cmdline of a hostile process: a thread of its own reads, who takes
 * too long is left behind. After four such reads in a minute nothing is read until it is over, so that the waiting is bounded as well.
 */
export class TimedReader {
  readonly #handle: Handle
  readonly #ms: number

  /** `ms`: how long one read may take. Throws NativeUnavailableError. */
  constructor(ms: number) {
    this.#handle = addon().timedOpen()
    this.#ms = ms
  }

  /** Reads from the beginning, at most what fits and 64 KiB. @returns bytes, -1 if it cannot be read or not in time. */
  read(path: string, into: Buffer): number {
    return Math.max(-1, addon().timedRead(this.#handle, path, into, this.#ms))
  }
}
