import type { KeptEvent, LiveEvent } from '../model/event-class.ts'
import { UNKNOWN } from '../model/unknown.ts'

/** At most this many events wait for providers at once. */
const MAX_PARKED = 10_000
/** Text kept by parked events, in characters. */
const MAX_CHARACTERS = 16 * 1024 * 1024
/** How long a provider may take before the event is judged without it. */
const PATIENCE_MS = 5_000

/** Events whose judgement met UNKNOWN while a field provider was still under way: kept, and judged once more. Bounded in number, size and time. */
export class Parking {
  #parked = 0
  #characters = 0
  #waiting: (() => void)[] = []

  get size(): number {
    return this.#parked
  }

  /** Returns false if nothing is pending or there is no room: the event stays undecided. */
  park(event: LiveEvent, again: (kept: KeptEvent) => void): boolean {
    if (!event.pending || this.#parked >= MAX_PARKED) return false
    const kept = event.keep() as KeptEvent
    const size = charactersOf(kept)
    if (this.#characters + size > MAX_CHARACTERS) return false
    this.#parked++
    this.#characters += size
    const fields = [...event.pending]
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS)
      timer.unref()
    })
    const filled = Promise.all(
      fields.map(async ([name, promise]) => {
        const value = await promise
        if (value !== UNKNOWN && value !== undefined && value !== null) kept.kept.set(name, value)
      }),
    )
    void Promise.race([filled, patience]).then(() => {
      clearTimeout(timer)
      this.#parked--
      this.#characters -= size
      again(kept)
      if (this.#parked === 0) for (const settle of this.#waiting.splice(0)) settle()
    })
    return true
  }

  /** Settles when nothing is parked. */
  empty(): Promise<void> {
    if (this.#parked === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

function charactersOf(event: KeptEvent): number {
  let size = 0
  for (const value of event.kept.values()) {
    if (typeof value === 'string') size += value.length
    else if (Array.isArray(value)) for (const element of value) if (typeof element === 'string') size += element.length
  }
  return size
}
