import { HookMap, SyncHook, SyncWaterfallHook, type Tap } from 'tapable'
import type { BaseEvent, LiveEvent } from '../model/event-class.ts'
import type { Finding } from '../signals/finding.ts'
import type { Signal } from '../signals/signal.ts'
import type { HookFacade, TapHook, TapOptions } from './facade.ts'
import { type FaultSink, guarded } from './guard.ts'

/** A failure of a plugin in a hook or phase. */
export interface Fault {
  readonly plugin: string
  readonly hook: string
  readonly error: Error
}

/** The hooks of one composition, as core calls them. A reload makes a new set: tapable has no untap. */
export class Hooks {
  readonly enrich: HookMap<SyncHook<[LiveEvent]>>
  readonly detect: HookMap<SyncHook<[LiveEvent]>>
  readonly finding = new SyncWaterfallHook<[Finding | null, BaseEvent]>(['finding', 'event'])
  readonly signal = new SyncHook<[Signal]>(['signal'])
  readonly ready = new SyncHook<[]>([])
  readonly fault = new SyncHook<[Fault]>(['fault'])
  /** How many hooks were made for event types. */
  made = 0

  constructor(onFault: FaultSink) {
    const map = (name: string) =>
      new HookMap<SyncHook<[LiveEvent]>>((type) => {
        const hook = new SyncHook<[LiveEvent]>(['event'])
        this.made++
        hook.intercept({ register: (tap) => guarded(tap, `${name}:${type}`, onFault) })
        return hook
      })
    this.enrich = map('enrich')
    this.detect = map('detect')
    const plain: [string, { intercept(interceptor: { register(tap: Tap): Tap }): void }][] = [
      ['finding', this.finding as never],
      ['signal', this.signal as never],
      ['ready', this.ready as never],
      ['fault', this.fault as never],
    ]
    for (const [name, hook] of plain) hook.intercept({ register: (tap) => guarded(tap, name, onFault) })
  }

  /** The hooks as one plugin sees them: it taps under its own name and calls nothing. */
  facadeFor(plugin: string): HookFacade {
    const tapOn =
      (hook: { tap(options: { name: string }, fn: never): void }): TapHook<never>['tap'] =>
      (handler, options: TapOptions = {}) => {
        const before = typeof options.before === 'string' ? options.before : options.before ? [...options.before] : undefined
        const full: { name: string; stage?: number; before?: string | string[] } = { name: plugin }
        if (options.stage !== undefined) full.stage = options.stage
        if (before !== undefined) full.before = before
        hook.tap(full, handler)
      }
    const mapOf = (map: HookMap<SyncHook<[LiveEvent]>>) => ({ for: (type: string) => ({ tap: tapOn(map.for(type) as never) }) })
    return {
      enrich: mapOf(this.enrich),
      detect: mapOf(this.detect),
      finding: {
        tap: (handler, options) =>
          tapOn(this.finding as never)(
            ((finding: Finding | null, event: BaseEvent) => {
              if (finding === null) return null
              const result = handler(finding, event as never)
              return result === undefined ? finding : result
            }) as never,
            options,
          ),
      },
      signal: { tap: tapOn(this.signal as never) },
      ready: { tap: tapOn(this.ready as never) },
      fault: { tap: tapOn(this.fault as never) },
    } as HookFacade
  }
}
