import { CwsError } from '../errors/cws-error.ts'
import { engineTicks, TICK_MS } from './tick-clock.ts'

/** A tap that ran for so many ticks held the engine up for at least 500 ms. */
export const STALL_TICKS = 3
const MAX_NESTED = 16

/** Stalls that were found inside taps that may still run, by when they began. */
let found: { readonly began: number; readonly ticks: number }[] = []

/** The stall of a tap that began at this tick and has ended; undefined if it is that of a tap inside it, which was told of already. */
export function stallOf(plugin: string, began: number): CwsError | undefined {
  const ticks = (engineTicks[0] as number) - began
  const within = found.filter((inner) => inner.began >= began)
  const own = ticks - within.reduce((sum, inner) => sum + inner.ticks, 0)
  found = [...found.filter((inner) => !within.includes(inner)), { began, ticks }].slice(-MAX_NESTED)
  if (own < STALL_TICKS) return undefined
  return new CwsError('CWS_ERR_PLUGIN_SLOW', `held the engine up for about ${own * TICK_MS} ms`, { plugin })
}
