import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure } from './outcome.ts'

/** Slack takes about one message a second in a channel, and 50 changes of messages a minute (docs.slack.dev, rate limits). */
const INTERVAL_MS = 1_050
/** For a longer pause a try does not wait. */
const PATIENCE_MS = 5_000
/** Whatever Slack asks for, one tries again after an hour. */
const LONGEST_PAUSE_MS = 3_600_000

/**
 * Spaces the requests of one channel: one at a time, each a while after the answer to the one before. Counted from there, for a request may be
 * long on its way.
 */
export class Pace {
  readonly #intervalMs: number
  #next = 0
  #queue: Promise<void> = Promise.resolve()

  constructor(intervalMs = INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  /** Runs `send` when its turn has come, else `missed`: then nothing was sent. */
  run<T>(stop: AbortSignal, send: () => Promise<T>, missed: (failure: Failure) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => resolve(missed({ result: 'retry', detail: 'stopped while it waited for its turn in the channel' }))
      stop.addEventListener('abort', leave, { once: true })
      if (stop.aborted) leave()
      this.#queue = this.#queue.then(async () => {
        if (stop.aborted) return
        const wait = Math.ceil(this.#next - performance.now())
        try {
          if (wait > PATIENCE_MS)
            resolve(missed({ result: 'retry', detail: 'the channel takes no more messages for now', retryAfterMs: wait }))
          else if (await passes(wait, stop)) {
            stop.removeEventListener('abort', leave)
            try {
              resolve(await send())
            } finally {
              this.#next = Math.max(this.#next, performance.now() + this.#intervalMs)
            }
          }
        } catch (error) {
          reject(error)
        } finally {
          stop.removeEventListener('abort', leave)
        }
      })
    })
  }

  /** No turns for so long: Slack said so. */
  pause(ms: number): void {
    this.#next = Math.max(this.#next, performance.now() + Math.min(ms, LONGEST_PAUSE_MS))
  }
}

/** Waits; false if it was stopped. */
async function passes(ms: number, stop: AbortSignal): Promise<boolean> {
  if (ms <= 0) return !stop.aborted
  return await sleep(ms, true, { signal: stop }).catch(() => false)
}

/** As many as there were channels in configurations; each is two numbers. */
const paces = new Map<string, Pace>()

/** The pace of a place, shared by all who speak there; it outlives a change of the configuration. */
export function paceOf(place: string): Pace {
  const pace = paces.get(place) ?? new Pace()
  paces.set(place, pace)
  return pace
}
