import { hash } from 'node:crypto'
import { type Event, type Evidence, type Finding, rankOf, shownFields } from '@cws/core'
import type { CheckedDetection } from './check.ts'
import type { Conclusion } from './conclusion.ts'
import type { DetectionState } from './detection-state.ts'
import { factOf, timeOf } from './facts.ts'
import { keyOf } from './key.ts'
import { Sequence } from './sequence.ts'
import { Threshold } from './threshold.ts'

/** Longer keys and values are remembered as digests. */
const MAX_TEXT = 64

/** What a detection concludes from a finding of one of its rules. `most`: bytes that it may remember. */
export function judge(
  detection: CheckedDetection,
  state: DetectionState,
  finding: Finding,
  event: Event,
  most: number,
): Finding | undefined {
  const { counts } = state
  counts.seen++
  const at = timeOf(event, state.newest)
  if (at > state.newest) state.newest = at
  const group = keyOf(event, detection.by)
  const value = counted(detection, finding, event)
  if (group === undefined || value === undefined) {
    counts.unkeyed++
    return undefined
  }
  const key = short(JSON.stringify(Object.values(group)))
  const fact = factOf(finding, event, at, detection.value)
  const concluded = conclude(detection, state, { key, value, at, fact, rule: finding.rule }, most)
  if (concluded === 'late') counts.late++
  if (concluded === undefined || concluded === 'late') return undefined
  counts.fired++
  return findingOf(detection, concluded, group, event)
}

interface Input {
  readonly key: string
  readonly value: string
  readonly at: number
  readonly fact: Evidence
  readonly rule: string
}

function conclude(detection: CheckedDetection, state: DetectionState, input: Input, most: number): Conclusion | undefined | 'late' {
  const { within, count, steps } = detection
  const { key, value, at, fact, rule } = input
  switch (detection.kind) {
    case 'threshold': {
      state.dirty = true
      const limits = { within, count, distinct: detection.value !== undefined }
      return state.thresholds.with(
        key,
        most,
        () => new Threshold(),
        (threshold) => threshold.add(at, value, fact, limits),
      )
    }
    case 'sequence': {
      state.dirty = true
      const taken = steps.flatMap((rules, step) => (rules.includes(rule) ? [step] : []))
      const chain = state.sequences.with(
        key,
        most,
        () => new Sequence(),
        (sequence) => sequence.add({ at, fact }, taken, steps.length, within),
      )
      return chain && { count: chain.length, distinct: chain.length, evidence: chain.map((hit) => hit.fact) }
    }
    case 'new-value': {
      const { isNew, changed } = state.known.add(`${key}\0${value}`, at, within)
      state.dirty ||= changed
      return isNew ? { count: 1, distinct: 1, evidence: [fact] } : undefined
    }
  }
}

/** What is counted or may be new, as text; empty where nothing is, undefined where nobody knows it. */
function counted({ value }: CheckedDetection, finding: Finding, event: Event): string | undefined {
  if (value === undefined) return ''
  if (value === 'rule.id') return finding.rule
  const shown = shownFields(event, [value])[value]
  return shown === null || shown === undefined ? undefined : short(String(shown))
}

function short(text: string): string {
  return text.length <= MAX_TEXT ? text : hash('sha256', text, 'base64url')
}

function findingOf(
  { finding, cases, time }: CheckedDetection,
  { count, distinct, evidence }: Conclusion,
  group: Readonly<Record<string, unknown>>,
  event: Event,
): Finding {
  const own: Readonly<Record<string, unknown>> = { count, distinct, severity: rankOf(finding.severity), 'rule.id': finding.rule }
  const readable = { get: (name: string) => own[name] ?? event.get(name) }
  const held = cases.find(({ holds }) => holds(readable) === true)
  const name = held?.name
  return {
    ...finding,
    ...(held ? { severity: held.severity } : {}),
    ...(name === undefined ? {} : { title: name }),
    group,
    values: { count, distinct, within: time, case: name ?? '' },
    evidence,
  }
}
