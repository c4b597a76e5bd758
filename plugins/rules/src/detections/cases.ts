import { type AnyDetection, type AnyRule, CwsError } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { rules as rulesPlugin } from '../index.ts'
import { type CheckedDetection, checkDetection, type DetectionCase, knownRules } from './check.ts'
import { durationOf } from './duration.ts'

/** Cases begin here, whatever the day. */
const START_MS = Date.UTC(2027, 0, 1)
/** Between two cases: no window is as long, so that one knows nothing of the other. */
const APART_MS = 2 * 86_400_000
/** Between two events that do not say. */
const GAP_MS = 1_000
/** Who does all that a case does not say otherwise of: one process of a service on the host. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  'process.pid': 1_000,
  'process.uid': 0,
  'process.ancestors.pid': [1],
  'container.id': '',
}

type Find = Parameters<typeof checkDetection>[2]

/**
 * What is wrong with a detection and its cases: that it does not fit; that it has none that fires or none that is silent; a case of `fires` on whose last
 * event it does not fire, or on an earlier one; a case of `silent` on which it fires. Events go through the whole pipeline, judged by `rules`.
 */
export async function problemsOfDetection(detection: AnyDetection, rules: readonly AnyRule[], find: Find): Promise<string[]> {
  let checked: CheckedDetection
  try {
    checked = checkDetection(detection, knownRules(rules), find)
  } catch (error) {
    if (error instanceof CwsError) return [error.message]
    throw error
  }
  const looked = rules.filter(({ id }) => checked.steps.flat().includes(id))
  const problems = [...checked.warnings]
  const start = () => TestPipeline.of([rulesPlugin({ packs: [[...looked, detection]] })])
  await using shared = await start()
  let time = START_MS
  for (const which of ['fires', 'silent'] as const) {
    const cases = checked.tests[which]
    if (cases.length === 0) problems.push(`there is no test that ${which === 'fires' ? 'fires' : 'is silent'}`)
    for (const [i, events] of cases.entries()) {
      const place = `tests.${which}[${i}]`
      // What is learnt stays.
      await using own = checked.kind === 'new-value' ? await start() : undefined
      const played = play(detection.id, looked, events, own ?? shared, time)
      time = played.time + APART_MS
      if (played.problem !== undefined) problems.push(place + played.problem)
      else problems.push(...verdict(which, place, played.fired, events.length - 1))
    }
  }
  return problems
}

function verdict(which: 'fires' | 'silent', place: string, fired: readonly number[], last: number): string[] {
  const [first] = fired
  if (which === 'silent') return first === undefined ? [] : [`${place} fires on its event ${first}`]
  if (first === undefined) return [`${place} does not fire`]
  return first === last ? [] : [`${place} fires on its event ${first} already`]
}

interface Played {
  /** Numbers of the events on which it fired. */
  readonly fired: readonly number[]
  /** ms since the epoch, at the last event. */
  readonly time: number
  /** What is wrong with the event after. */
  readonly problem?: string
}

function play(id: string, rules: readonly AnyRule[], events: DetectionCase, pipeline: TestPipeline, from: number): Played {
  const types = [...new Set<string>(rules.map(({ on }) => on))]
  const fired: number[] = []
  let time = from
  for (const [at, { on, after, ...given }] of events.entries()) {
    const wrong = (problem: string): Played => ({ fired, time, problem: `[${at}]: ${problem}` })
    const type = on ?? (types.length === 1 ? types[0] : undefined)
    if (typeof type !== 'string' || !types.includes(type)) return wrong(`\`on\` must be one of ${types.join(', ')}`)
    const gap = after === undefined ? GAP_MS : durationOf(after)
    if (gap === undefined) return wrong('`after` must be a time such as 10s')
    const { fields } = pipeline.runtime.engine.events.get(type)
    const known = Object.entries({ ...DEFAULTS, ...given }).filter(([, value]) => value !== null)
    const lacking = known.filter(([name]) => !fields.has(name)).map(([name]) => name)
    if (lacking.length > 0) return wrong(`${type} has no field ${lacking.join(', ')}`)
    time += gap
    const before = pipeline.findings.length
    pipeline.emit(type as AnyRule['on'], Object.fromEntries(known), { timestamp: BigInt(time) * 1_000_000n })
    if (pipeline.findings.slice(before).some(({ rule }) => rule === id)) fired.push(at)
  }
  return { fired, time }
}
