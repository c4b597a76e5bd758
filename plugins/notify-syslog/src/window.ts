/** Frames that are kept however old they are, and for how long others are kept, ms. */
const FRAMES = 64
const YOUNG_MS = 5_000
const MAX_BYTES = 4 * 1024 * 1024

interface Kept {
  readonly frame: Buffer
  readonly at: number
}

/**
 * What was written last. The receiver confirms nothing, and what has left may lie in buffers on the way when the connection breaks: so the last 64 frames, and all of the
 * last five seconds, are kept to be written again; 4 MiB at most.
 */
export class Window {
  #kept: Kept[] = []
  #bytes = 0

  get size(): number {
    return this.#kept.length
  }

  /** All of them, as written now. */
  again(now: number): readonly Buffer[] {
    this.#kept = this.#kept.map(({ frame }) => ({ frame, at: now }))
    return this.#kept.map(({ frame }) => frame)
  }

  add(frame: Buffer, now: number): void {
    this.#kept.push({ frame, at: now })
    this.#bytes += frame.length
    let old = 0
    while (this.#mayGo(old, now)) this.#bytes -= this.#kept[old++]?.frame.length ?? 0
    if (old > 0) this.#kept.splice(0, old)
  }

  /** The connection was closed in good order: what is older has been read, or never will be. */
  keepYoung(now: number): void {
    this.#kept = this.#kept.filter(({ at }) => now - at < YOUNG_MS)
    this.#bytes = this.#kept.reduce((sum, { frame }) => sum + frame.length, 0)
  }

  #mayGo(index: number, now: number): boolean {
    const kept = this.#kept[index]
    if (kept === undefined || index === this.#kept.length - 1) return false
    return this.#bytes > MAX_BYTES || (this.#kept.length - index > FRAMES && now - kept.at >= YOUNG_MS)
  }
}
