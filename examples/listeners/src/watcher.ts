import { type ListeningSocket, readListening } from './proc-net.ts'

/** Compares the listening sockets of a network namespace with those of the time before. */
export class Watcher {
  readonly #files: readonly string[]
  #known: ReadonlySet<bigint> | undefined

  /** @param files what to read, for example /proc/net/tcp and /proc/net/tcp6 */
  constructor(files: readonly string[]) {
    this.#files = files
  }

  /** The sockets that were not there the last time. The first call only remembers: what listens already is not new. */
  scan(): readonly ListeningSocket[] {
    const sockets = this.#files.flatMap(readListening)
    const known = this.#known
    this.#known = new Set(sockets.map(({ inode }) => inode))
    return known ? sockets.filter(({ inode }) => !known.has(inode)) : []
  }

  forget(): void {
    this.#known = undefined
  }
}
