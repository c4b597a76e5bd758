import type { CheckModule } from '@cws/core/cli'
import { type Feeders, feedersOf } from './feeders.ts'
import { rulesOf } from './rules-of.ts'

/** How many rules of the configuration nothing feeds, and what would: one line, where there are any. */
export const notes: CheckModule['notes'] = async (bench) => {
  const { report } = await rulesOf([], bench)
  const count = (state: string) => report.rules.filter((rule) => rule.state === state).length
  const unfed = count('unfed')
  if (unfed === 0) return []
  const feeders = [...(await feedersOf(report.rules, bench)).values()]
  const which = unfed === 1 ? 'is unfed and cannot fire' : 'are unfed and cannot fire'
  return [`${unfed} of ${unfed + count('loaded')} rules ${which}: ${wouldFeed(feeders)}; \`cws rules check\` names them`]
}

/** Sensors that would feed them, with the number of rules where it is not all. */
function wouldFeed(feeders: readonly Feeders[]): string {
  const fed = feeders.map((of) => Object.values(of).map(({ source }) => source)).filter((sources) => !sources.includes(undefined))
  const sensors = [...new Set(fed.flat().map((source) => `"${source?.sensor}" of ${source?.plugin}`))].toSorted()
  if (sensors.length === 0) return 'no sensor of this version feeds them'
  const whom = fed.length === feeders.length ? 'them' : `${fed.length} of them, no sensor of this version the others`
  return `${sensors.length === 1 ? 'the sensor' : 'the sensors'} ${sensors.join(', ')} would feed ${whom}`
}
