import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure } from './outcome.ts'

/** Slack takes about one message a second in a channel, and 50 changes of messages a minute (docs.slack.dev, rate limits). */
const INTERVAL_MS = 1_200
/** Longer than this a try does not wait for its turn. */
const PATIENCE_MS = 5_000

/** Whatever Slack asks for, one tries again after an hour. */
const LONGEST_PAUSE_MS = 3_600_000

/** Spaces the requests of one channel. */
export class Pace {
  readonly #intervalMs: number
  #next = 0

  constructor(intervalMs = INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  /** Waits for its turn in the channel. What it returns says that it did not come: nothing may be sent. */
  async turn(stop: AbortSignal): Promise<Failure | undefined> {
    const now = performance.now()
    const at = Math.max(now, this.#next)
    if (at - now > PATIENCE_MS)
      return { result: 'retry', detail: 'the channel takes no more messages for now', retryAfterMs: Math.ceil(at - now) }
    this.#next = at + this.#intervalMs
    if (at <= now && !stop.aborted) return undefined
    try {
      await sleep(at - now, undefined, { signal: stop })
      return undefined
    } catch {
      return { result: 'retry', detail: 'stopped while it waited for its turn in the channel' }
    }
  }

  /** No turns for so long: Slack said so. */
  pause(ms: number): void {
    this.#next = Math.max(this.#next, performance.now() + Math.min(ms, LONGEST_PAUSE_MS))
  }
}

/** As many as there were channels in configurations; each is two numbers. */
const paces = new Map<string, Pace>()

/** The pace of a place, shared by all who speak there; it outlives a change of the configuration. */
export function paceOf(place: string): Pace {
  const pace = paces.get(place) ?? new Pace()
  paces.set(place, pace)
  return pace
}
