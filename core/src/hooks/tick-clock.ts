/** How often another thread advances the clock, ms. */
export const TICK_MS = 250

/**
 * A clock that the delivery thread advances: to read it costs the engine a load, where the time of the system would cost a call for each tap. A
 * tick that is late counts once, so that so many ticks less one have passed at least. It stands still while there is no delivery thread.
 */
export const engineTicks = new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT))

/** Advances a clock from the thread that this runs in. */
export function advance(buffer: SharedArrayBuffer): void {
  const ticks = new Uint32Array(buffer)
  setInterval(() => Atomics.add(ticks, 0, 1), TICK_MS)
}
