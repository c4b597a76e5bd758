/** What happened to the events of one type, from the sensor on. */
export interface EventCounts {
  /** Entered the pipeline. */
  seen: number
  /** Dropped on purpose before they were judged: no interest holds. Counted by the source, or by the engine where a record of a process told. */
  filtered: number
  /** Merged into another event. */
  coalesced: number
  /** Lost before they could be judged. */
  lost: number
  /** Judgements that met UNKNOWN and could not be settled. */
  undecided: number
  /** Kept to be judged again. */
  parked: number
}

const zero = (): EventCounts => ({ seen: 0, filtered: 0, coalesced: 0, lost: 0, undecided: 0, parked: 0 })

/** Counters by event type and of the stages behind detection. Numbers only rise. */
export class Counters {
  readonly events = new Map<string, EventCounts>()
  findings = 0
  suppressed = 0
  signals = 0
  faults = 0

  of(type: string): EventCounts {
    let counts = this.events.get(type)
    if (!counts) {
      counts = zero()
      this.events.set(type, counts)
    }
    return counts
  }
}
