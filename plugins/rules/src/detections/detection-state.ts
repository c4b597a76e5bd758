import type { CheckedDetection } from './check.ts'
import { Keyed } from './keyed.ts'
import { KnownValues } from './known-values.ts'
import { Sequence } from './sequence.ts'
import { Threshold } from './threshold.ts'

/** What a detection counts of itself. Numbers only rise. */
export interface DetectionCounts {
  /** Findings of rules that it looked at. */
  seen: number
  /** Conclusions, told or suppressed. */
  fired: number
  /** Findings whose key or value nobody knows. */
  unkeyed: number
  /** Findings that came when their window was over. */
  late: number
}

/** What is written down of a detection. */
export interface SavedState {
  readonly fingerprint: string
  readonly boot: string
  readonly newest: number
  readonly keys: readonly (readonly [key: string, value: unknown])[]
  readonly known: unknown
}

/** All that one detection remembers. It outlives compositions. */
export class DetectionState {
  readonly fingerprint: string
  readonly thresholds = new Keyed<Threshold>()
  readonly sequences = new Keyed<Sequence>()
  readonly known: KnownValues
  readonly counts: DetectionCounts = { seen: 0, fired: 0, unkeyed: 0, late: 0 }
  /** Time of the newest event, ms since the epoch. */
  newest = 0
  /** Whether something is not written down yet. */
  dirty = false

  constructor(detection: Pick<CheckedDetection, 'fingerprint'>, known = new KnownValues()) {
    this.fingerprint = detection.fingerprint
    this.known = known
  }

  get evicted(): number {
    return this.thresholds.evicted + this.sequences.evicted + this.known.evicted
  }

  /** Lets go of windows that are over. */
  sweep(within: number): void {
    const isOver = ({ newest }: { newest: number }) => newest <= this.newest - within
    this.thresholds.sweep(isOver)
    this.sequences.sweep(isOver)
  }

  /** In about so many characters of JSON: what was touched last comes first, the rest is left out. */
  save(boot: string, most: number): SavedState {
    const keys: [string, unknown][] = []
    let room = most
    for (const [key, value] of [...this.thresholds.newestFirst(), ...this.sequences.newestFirst()]) {
      room -= JSON.stringify(value).length + key.length + 16
      if (room < 0) break
      keys.push([key, value])
    }
    return { fingerprint: this.fingerprint, boot, newest: this.newest, keys, known: this.known.saved(most) }
  }

  /** What was written down, if it means the same for this detection; of processes of another boot nothing does. */
  static from(saved: SavedState, detection: CheckedDetection, boot: string, most: number): DetectionState {
    if (saved.fingerprint !== detection.fingerprint) return new DetectionState(detection)
    const state = new DetectionState(detection, KnownValues.from(saved.known))
    const ofBoot = detection.by.includes('tree') || detection.by.includes('process')
    if (ofBoot && saved.boot !== boot) return state
    state.newest = saved.newest
    for (const [key, value] of [...saved.keys].reverse()) {
      if (detection.kind === 'threshold')
        state.thresholds.with(
          key,
          most,
          () => Threshold.from(value),
          () => {},
        )
      if (detection.kind === 'sequence')
        state.sequences.with(
          key,
          most,
          () => Sequence.from(value),
          () => {},
        )
    }
    return state
  }
}
