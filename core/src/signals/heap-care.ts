/** Signals whose garbage is collected in one go: a third of the young generation. */
const SIGNALS = 16
/** After the last of them, when it is out. */
const AFTER_MS = 2

/** V8's own collector, where the launcher has it exposed. */
const collect = () => (globalThis as { gc?: (options?: { type: 'minor' | 'major'; flavor?: 'last-resort' }) => void }).gc

/**
 * Collects the garbage of signals between signals. V8 does it when the young generation is full, which is in the middle of making the next one:
 * that took several times as long as the others.
 */
export class HeapCare {
  #signals = 0
  #timer: NodeJS.Timeout | undefined

  /** A signal was made, or taken up. */
  signal(): void {
    if (++this.#signals < SIGNALS || !collect()) return
    this.#signals = 0
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      collect()?.({ type: 'minor' })
    }, AFTER_MS).unref()
  }
}

/**
 * Lets go of all that starting up left, so that V8 sees no reason to mark the heap while the first signals are made. The last resort also
 * gives the half-empty pages back: without it an idle agent is some 40 MB larger.
 */
export function settleHeap(): void {
  collect()?.({ type: 'major', flavor: 'last-resort' })
}
