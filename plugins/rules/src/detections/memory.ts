import type { StateStore } from '@cws/core'
import type { CheckedDetection } from './check.ts'
import { DetectionState, type SavedState } from './detection-state.ts'

/** Bytes that all detections together may remember; each has its share, so that one cannot make another forget. */
const MEMORY_BYTES = 16 * 1024 * 1024
/** Characters of JSON that all together may write down, of the 1 MiB that the store has for a plugin. */
const SAVED_CHARACTERS = 640 * 1024
/** And those that are there no more. */
const LEFT_CHARACTERS = 192 * 1024
/** What a detection that is gone has learnt is kept as long: it may only be mistyped. */
const KEPT_DAYS = 30
const DAY_MS = 86_400_000
const PREFIX = 'detection/'

interface Stored extends SavedState {
  /** Day on which it was written, since the epoch. */
  readonly day: number
}

/** What detections remember, for all compositions of an agent that follow each other. */
export class DetectionMemory {
  readonly #states = new Map<string, DetectionState>()
  readonly #boot: string

  /** `boot`: a name for this boot of the host, for process ids mean nothing in the next. */
  constructor(boot: string) {
    this.#boot = boot
  }

  /** What a detection remembers: from the composition before, else from the store, else nothing. */
  of(detection: CheckedDetection, store: StateStore): DetectionState {
    const known = this.#states.get(detection.id)
    if (known?.fingerprint === detection.fingerprint) return known
    const state = this.#saved(detection, store) ?? new DetectionState(detection)
    this.#states.set(detection.id, state)
    return state
  }

  #saved(detection: CheckedDetection, store: StateStore): DetectionState | undefined {
    try {
      const saved = store.get(PREFIX + detection.id) as Stored | undefined
      return saved && DetectionState.from(saved, detection, this.#boot, MEMORY_BYTES)
    } catch {
      // Written by something else: whoever forgets it begins anew, whoever trusts it fails at every event.
      return undefined
    }
  }

  /** Lets go of what is over and writes down what has changed. */
  save(detections: readonly CheckedDetection[], store: StateStore, now = Date.now()): void {
    for (const { id, kind, within } of detections) {
      const state = this.#states.get(id)
      if (!state) continue
      if (kind !== 'new-value') state.sweep(within)
      if (!state.dirty) continue
      state.dirty = false
      store.set(PREFIX + id, {
        ...state.save(this.#boot, SAVED_CHARACTERS / detections.length),
        day: Math.floor(now / DAY_MS),
      } satisfies Stored)
    }
  }

  /** Only these detections are left. Of what others wrote down the newest is kept, for they may come back. */
  keepOnly(detections: readonly CheckedDetection[], store: StateStore, now = Date.now()): void {
    const ids = new Set(detections.map(({ id }) => id))
    for (const id of this.#states.keys()) if (!ids.has(id)) this.#states.delete(id)
    const others = store
      .keys()
      .filter((key) => key.startsWith(PREFIX) && !ids.has(key.slice(PREFIX.length)))
      .map((key) => ({ key, value: store.get(key) as Partial<Stored> | null }))
      .sort((a, b) => dayOf(b.value) - dayOf(a.value))
    let room = LEFT_CHARACTERS
    for (const { key, value } of others) {
      room -= JSON.stringify(value).length
      if (room < 0 || dayOf(value) < Math.floor(now / DAY_MS) - KEPT_DAYS) store.delete(key)
    }
  }
}

/** Of what something else has written: never. */
function dayOf(value: Partial<Stored> | null): number {
  return typeof value?.day === 'number' ? value.day : 0
}

/** Bytes that each of so many detections may remember. */
export function shareOf(detections: number): number {
  return MEMORY_BYTES / Math.max(1, detections)
}
