import { type AsyncHook, AsyncLocalStorage, createHook } from 'node:async_hooks'
import type { Vitals } from './vitals.ts'

/**
 * Keeps in the shared memory whose code runs in this thread, also after an `await`, in a timer or in a callback that it left behind: what was
 * running when the thread died can be read there. It costs the delivery thread a hook on each callback, from the first notifier on, and the
 * engine nothing.
 */
export class Attribution {
  readonly #vitals: Vitals
  readonly #places = new AsyncLocalStorage<number>()
  readonly #hook: AsyncHook

  constructor(vitals: Vitals) {
    this.#vitals = vitals
    this.#hook = createHook({
      before: () => {
        vitals.running = this.#places.getStore() ?? 0
      },
      after: () => {
        vitals.running = 0
      },
    })
  }

  /** Runs code of the notifier at a place, counted from 0; `making`: it makes a message. */
  run<T>(place: number, code: () => T, making = false): T {
    // Enabled already it stays as it is.
    this.#hook.enable()
    const before = this.#vitals.running
    this.#vitals.running = place + 1
    this.#vitals.making = making
    try {
      return this.#places.run(place + 1, code)
    } finally {
      this.#vitals.running = before
      this.#vitals.making = false
    }
  }
}
