import { readFileSync, statSync } from 'node:fs'
import type { Manager } from './managers.ts'

/** For so long nothing is looked at again: whoever makes many events must not make the engine do it for each. */
const FRESH_MS = 100

/** Inodes on which processes hold locks, from the text of /proc/locks: `1: POSIX  ADVISORY  WRITE 812 fe:00:2883 0 EOF`. Who waits (`->`) holds none. */
export function parseLocks(text: string): ReadonlyMap<number, ReadonlySet<string>> {
  const held = new Map<number, Set<string>>()
  for (const [, pid, inode] of text.matchAll(/^\d+: (?:POSIX|FLOCK|OFDLCK) +\w+ +WRITE (\d+) [\da-f]+:[\da-f]+:(\d+) /gm)) {
    const inodes = held.get(Number(pid)) ?? new Set()
    inodes.add(inode as string)
    held.set(Number(pid), inodes)
  }
  return held
}

/** Which package managers hold their lock. */
export class HeldLocks {
  readonly #root: string
  readonly #now: () => number
  readonly #text: () => string
  #held: ReadonlyMap<number, ReadonlySet<string>> | undefined
  readonly #inodes = new Map<string, string | undefined>()
  #read = Number.NEGATIVE_INFINITY

  /** `root`: where the host's files are. */
  constructor(root: string, now = () => performance.now(), text = () => readFileSync('/proc/locks', 'latin1')) {
    this.#root = root
    this.#now = now
    this.#text = text
  }

  /** Whether one of these processes holds it. Undefined where that cannot be known: then its program alone has to tell. */
  isHeld({ locks, exists }: Manager, pids: readonly number[]): boolean | undefined {
    if (!locks) return undefined
    if (this.#now() - this.#read >= FRESH_MS) this.#forget()
    const inodes = locks.flatMap((path) => this.#inodeOf(path) ?? [])
    if (exists) return inodes.length > 0
    const held = this.#locks()
    if (inodes.length === 0 || !held) return undefined
    return pids.some((pid) => inodes.some((inode) => held.get(pid)?.has(inode)))
  }

  #forget(): void {
    this.#read = this.#now()
    this.#held = undefined
    this.#inodes.clear()
  }

  #inodeOf(path: string): string | undefined {
    if (!this.#inodes.has(path))
      this.#inodes.set(path, statSync(`${this.#root}${path}`, { bigint: true, throwIfNoEntry: false })?.ino.toString())
    return this.#inodes.get(path)
  }

  #locks(): ReadonlyMap<number, ReadonlySet<string>> | undefined {
    try {
      this.#held ??= parseLocks(this.#text())
    } catch {
      // Not to be read here.
    }
    return this.#held
  }
}
