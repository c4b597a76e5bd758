import { addon, type Handle } from './addon.ts'

/** What of a directory may be wanted: bits of {@link PathPatterns.reach}. */
export const REACH = {
  /** Entries of it. */
  ENTRIES: 1,
  /** What is below its directories. */
  DEEPER: 2,
} as const

/**
 * Which paths are wanted, by globs that are compiled once: `*` is any run of characters within a segment, `?` one character, `[a-z]` and
 * `[!a-z]` one of a set; a segment `**` is any number of segments, at least one at the end. A glob without any of these means that path and all
 * below it. Paths are bytes, absolute and in their one form: no `.`, `..`, `//` or slash at the end.
 */
export class PathPatterns {
  /** For the addon. */
  readonly handle: Handle
  readonly #addon = addon()

  /** `ignored`: what these match is not wanted, nor what is below that. Throws `CWS_PATTERN` for what is no glob of an absolute path. */
  constructor(wanted: readonly string[], ignored: readonly string[] = []) {
    this.handle = this.#addon.patternsOpen()
    for (const glob of wanted) this.#addon.patternsAdd(this.handle, Buffer.from(glob), false)
    for (const glob of ignored) this.#addon.patternsAdd(this.handle, Buffer.from(glob), true)
  }

  /** Whether this path is wanted. */
  matches(path: Uint8Array): boolean {
    return this.#addon.patternsMatch(this.handle, path)
  }

  /** What of the directory of this path may be wanted: bits of {@link REACH}; 0: nothing in it or below. */
  reach(path: Uint8Array): number {
    return this.#addon.patternsReach(this.handle, path)
  }
}
