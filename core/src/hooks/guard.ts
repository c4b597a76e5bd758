import type { FullTap, Tap } from 'tapable'
import { enter, leave, placeOf } from './running.ts'
import { STALL_TICKS, stallOf } from './stalls.ts'
import { engineTicks } from './tick-clock.ts'

/** Told of every throw and rejection of a tap. Must not throw. */
export type FaultSink = (plugin: string, hook: string, error: Error) => void

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/**
 * Replaces a tap by one that cannot hurt the next: a throw is attributed and swallowed, a promise that a synchronous tap returned by
 * mistake has its rejection attributed too; one that holds the engine up is told of. Every hook has this interceptor before any plugin taps.
 */
export function guarded<T extends Tap>(tap: T, hook: string, onFault: FaultSink): T {
  const { fn, name } = tap as unknown as FullTap & { fn: (first: unknown, second: unknown) => unknown }
  const place = placeOf(name, hook)
  // No hook has more than two arguments; naming them spares an array each call.
  const guardedFn = (first: unknown, second: unknown): unknown => {
    const began = engineTicks[0] as number
    const outer = enter(place)
    try {
      const result = fn(first, second)
      if (typeof result === 'object' && result !== null && typeof (result as PromiseLike<unknown>).then === 'function') {
        ;(result as PromiseLike<unknown>).then(undefined, (error) => onFault(name, hook, asError(error)))
        return undefined
      }
      return result
    } catch (error) {
      onFault(name, hook, asError(error))
      return undefined
    } finally {
      leave(outer)
      if ((engineTicks[0] as number) - began >= STALL_TICKS) {
        const stall = stallOf(name, began)
        if (stall) onFault(name, hook, stall)
      }
    }
  }
  return { ...tap, fn: guardedFn }
}
