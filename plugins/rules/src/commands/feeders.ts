import type { Telling, Workbench } from '@cws/core/cli'
import type { RuleStatus } from '../report.ts'

type Source = Telling['sources'][number]

/** What would feed a need of a rule that nothing feeds. */
export interface Feeder {
  /** What this configuration leaves out; undefined: there is no such thing. */
  readonly source: Source | undefined
  /** That it would, or what there is instead. */
  readonly text: string
}

/** By need: a type of events, or a field. */
export type Feeders = Readonly<Record<string, Feeder>>

/** Of each rule that is `unfed`, by its id. */
export async function feedersOf(rules: readonly RuleStatus[], bench: Workbench): Promise<ReadonlyMap<string, Feeders>> {
  const unfed = rules.filter(({ state }) => state === 'unfed')
  if (unfed.length === 0) return new Map()
  const all = await bench.preset()
  return new Map(
    unfed.map(({ id, on, needs = [] }) => [id, Object.fromEntries(needs.map((need) => [need, feederOf(need, on, bench, all)]))] as const),
  )
}

/** `need`: a type of events, or a field that events of these types lack. */
function feederOf(need: string, on: readonly string[], here: Telling, all: Telling): Feeder {
  const types = on.includes(need) ? [need] : on
  const field = on.includes(need) ? undefined : need
  const feeds = ({ feeds }: Source) => types.some((type) => (feeds as readonly string[]).includes(type))
  const tells = field === undefined || types.some((type) => all.isTold(type, field))
  const would = all.sources.find(feeds)
  if (would && tells) return { source: would, text: `${named(would)} would, which this configuration leaves out` }
  const without = here.sources.find(feeds)
  const text = without
    ? `no sensor of this version does: ${named(without)} sees ${types.join(', ')} without it`
    : 'no sensor of this version does'
  return { source: undefined, text }
}

/** With all its flavours: of none of them more is known here. */
const named = ({ plugin, sensor, flavours }: Source): string =>
  `the sensor "${sensor}" of ${plugin} (${flavours.map(({ name }) => name).join(', ')})`
