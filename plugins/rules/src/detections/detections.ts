import type { Event, Finding, StateStore } from '@cws/core'
import type { CheckedDetection } from './check.ts'
import type { DetectionState } from './detection-state.ts'
import { judge } from './judge.ts'
import { type DetectionMemory, shareOf } from './memory.ts'

type Report = (event: Event, finding: Finding) => void

interface Running {
  readonly detection: CheckedDetection
  readonly state: DetectionState
}

/** The detections of one composition: they see what rules find on its way to be told, and tell what it means together. */
export class Detections {
  readonly #running: readonly Running[]
  readonly #byRule = new Map<string, Running[]>()
  /** Rules whose findings are not told. */
  readonly #untold: ReadonlySet<string>
  readonly #absorbed: ReadonlySet<string>
  readonly #most: number

  /** `silent`: rules that are not told, yet looked at. */
  constructor(detections: readonly CheckedDetection[], silent: readonly string[], memory: DetectionMemory, store: StateStore) {
    this.#most = shareOf(detections.length)
    this.#running = detections.map((detection) => ({ detection, state: memory.of(detection, store) }))
    for (const running of this.#running)
      for (const rule of new Set(running.detection.steps.flat())) {
        const others = this.#byRule.get(rule)
        if (others) others.push(running)
        else this.#byRule.set(rule, [running])
      }
    const absorbed = new Set(detections.filter(({ absorbs }) => absorbs).flatMap(({ steps }) => steps.flat()))
    this.#untold = new Set([...absorbed, ...silent])
    this.#absorbed = new Set([...absorbed].filter((rule) => !silent.includes(rule)))
  }

  /** Whether one of them wants to know what a rule finds. */
  lookAt(rule: string): boolean {
    return this.#byRule.has(rule)
  }

  /** A way to report that goes through the detections. */
  through(report: Report): Report {
    if (this.#running.length === 0 && this.#untold.size === 0) return report
    return (event, finding) => {
      const watchers = this.#byRule.get(finding.rule)
      if (!this.#untold.has(finding.rule)) report(event, finding)
      // What the agent does to prove its sensors is nobody's concern.
      if (watchers === undefined || event.get('event.self_test') === true) return
      let looked = false
      for (const { detection, state } of watchers) {
        const { unkeyed, late } = state.counts
        const concluded = judge(detection, state, finding, event, this.#most)
        if (concluded) report(event, concluded)
        if (state.counts.unkeyed === unkeyed && state.counts.late === late) looked = true
      }
      // What no detection could put anywhere is not absorbed: it would be lost.
      if (!looked && this.#absorbed.has(finding.rule)) report(event, finding)
    }
  }

  /** For people: how many there are, and what was counted of all of them. */
  describe(): string {
    const states = this.#running.map(({ state }) => state)
    if (states.length === 0) return ''
    const sum = (count: (state: DetectionState) => number) => states.reduce((total, state) => total + count(state), 0)
    const counts = [
      [sum(({ counts }) => counts.unkeyed), 'without a key'],
      [sum(({ counts }) => counts.late), 'late'],
      [sum(({ evicted }) => evicted), 'forgotten'],
    ] as const
    const told = [`${sum(({ counts }) => counts.fired)} fired`, ...counts.filter(([count]) => count > 0).map((one) => one.join(' '))]
    return `${states.length} detections (${told.join(', ')})`
  }
}
