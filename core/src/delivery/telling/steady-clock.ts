/** A jump of the wall clock, ms: less is how clocks are slewed. */
const JUMP_MS = 1_000

/**
 * Milliseconds that go on evenly, also over restarts: how long something has waited does not depend on what is done to the wall clock while the agent
 * runs. It is the wall clock less an offset, which is stored whenever the wall clock jumps.
 */
export class SteadyClock {
  readonly #base: number
  #offset: number

  /** `offset`: what was stored at last. */
  constructor(offset = 0) {
    this.#offset = offset
    this.#base = Date.now() - offset - performance.now()
  }

  now(): number {
    return Math.round(this.#base + performance.now())
  }

  /** The offset if it is another than before, so that it can be stored. */
  jumped(): number | undefined {
    const offset = Date.now() - this.now()
    if (Math.abs(offset - this.#offset) < JUMP_MS) return undefined
    this.#offset = offset
    return offset
  }
}
