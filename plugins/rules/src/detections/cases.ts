import { type AnyDetection, type AnyRule, CwsError } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { rules as rulesPlugin } from '../index.ts'
import { type CheckedDetection, checkDetection, type DetectionCase } from './check.ts'
import { durationOf } from './duration.ts'

/** Cases begin here, whatever the day. */
const START_MS = Date.UTC(2027, 0, 1)
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
    checked = checkDetection(detection, new Map(rules.map((rule) => [rule.id, rule])), find)
  } catch (error) {
    if (error instanceof CwsError) return [error.message]
    throw error
  }
  const looked = rules.filter(({ id }) => checked.steps.flat().includes(id))
  const problems = [...checked.warnings]
  for (const which of ['fires', 'silent'] as const) {
    const cases = checked.tests[which]
    if (cases.length === 0) problems.push(`there is no test that ${which === 'fires' ? 'fires' : 'is silent'}`)
    for (const [i, events] of cases.entries()) {
      const place = `tests.${which}[${i}]`
      const played = await play(detection, looked, events)
      if ('problem' in played) problems.push(`${place}[${played.at}]: ${played.problem}`)
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

type Played = { readonly fired: readonly number[] } | { readonly at: number; readonly problem: string }

/** On which events it fires. */
async function play(detection: AnyDetection, rules: readonly AnyRule[], events: DetectionCase): Promise<Played> {
  await using pipeline = await TestPipeline.of([rulesPlugin({ packs: [[...rules, detection]] })])
  const types = [...new Set<string>(rules.map(({ on }) => on))]
  const fired: number[] = []
  let time = START_MS
  for (const [at, { on, after, ...given }] of events.entries()) {
    const type = on ?? (types.length === 1 ? types[0] : undefined)
    if (typeof type !== 'string' || !types.includes(type)) return { at, problem: `\`on\` must be one of ${types.join(', ')}` }
    const gap = after === undefined ? GAP_MS : durationOf(after)
    if (gap === undefined) return { at, problem: '`after` must be a time such as 10s' }
    const { fields } = pipeline.runtime.engine.events.get(type)
    const known = Object.entries({ ...DEFAULTS, ...given }).filter(([, value]) => value !== null)
    const wrong = known.filter(([name]) => !fields.has(name)).map(([name]) => name)
    if (wrong.length > 0) return { at, problem: `${type} has no field ${wrong.join(', ')}` }
    time += gap
    const before = pipeline.findings.length
    pipeline.emit(type as AnyRule['on'], Object.fromEntries(known), { timestamp: BigInt(time) * 1_000_000n })
    if (pipeline.findings.slice(before).some(({ rule }) => rule === detection.id)) fired.push(at)
  }
  return { fired }
}
