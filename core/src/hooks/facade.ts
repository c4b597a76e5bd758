import type { Event } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'
import type { Finding } from '../signals/finding.ts'
import type { Signal } from '../signals/signal.ts'

/** Where among the taps of a hook: lower stages run first, 0 by default. */
export interface TapOptions {
  readonly stage?: number
  readonly before?: string | readonly string[]
}

/** A hook as plugins see it: they tap, core calls. */
export interface TapHook<F> {
  tap(handler: F, options?: TapOptions): void
}

export interface EventHookMap {
  for<T extends EventType>(type: T): TapHook<(event: Event<T>) => void>
}

/** A finding on its way, with its event. Taps may replace it, or return null to suppress it (counted). */
export type FindingTap = (finding: Finding, event: Event) => Finding | null | undefined

export interface HookFacade {
  /** Adds context. Only for those who keep state: a field provider is lazier. */
  readonly enrich: EventHookMap
  /** Judges events. `ctx.detect` is sugar over it. */
  readonly detect: EventHookMap
  /** Sees every finding before it is grouped; may rewrite or suppress it. */
  readonly finding: TapHook<FindingTap>
  /** Sees every signal revision as it leaves for delivery. */
  readonly signal: TapHook<(signal: Signal) => void>
  /** After all sensors are attached and tested. */
  readonly ready: TapHook<() => void>
  /** A plugin failed. */
  readonly fault: TapHook<(fault: { readonly plugin: string; readonly hook: string; readonly error: Error }) => void>
}
