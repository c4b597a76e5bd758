import { setTimeout } from 'node:timers/promises'
import { percentile } from '../statistics.ts'
import type { Arrivals } from './arrivals.ts'
import { type Contender, DESTINATIONS } from './contender.ts'

/** How many critical findings come in the middle of a flood, each of a rule of its own. */
const CRITICALS = 100
/** What the last count is waited for, ms: longer than the usual time between two words about one signal. */
const SETTLE_MS = 15_000

export interface FloodFigures {
  /** Ms from the first finding to its message's being there, at the later destination. */
  readonly first: number
  /** Messages about the flooding rule to the destination that got the most. */
  readonly messages: number
  /** What the last message said. */
  readonly lastCount: number
  /** Critical findings that came to every destination, and after how many ms. */
  readonly criticals: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
}

const FLOOD = { rule: 'flood', severity: 'medium', mark: 'flood' } as const

/** So many findings of one rule, evenly over so many ms, and in their middle critical ones. */
export async function flood(contender: Contender, arrivals: Arrivals, count: number, ms: number): Promise<FloodFigures> {
  const flooding = contender.find(FLOOD, count, ms)
  await setTimeout(ms * 0.2)
  for (let i = 0; i < CRITICALS; i++) {
    await contender.find({ rule: `critical-${i}`, severity: 'critical', mark: `critical-${i}` })
    await setTimeout((ms * 0.6) / CRITICALS)
  }
  await flooding
  const last = (name: string) => arrivals.of('flood', name).at(-1)?.count ?? 0
  await arrivals.until(() => DESTINATIONS.every((name) => last(name) >= count), SETTLE_MS)
  const criticals = firsts(arrivals)
  return {
    first: Math.max(...DESTINATIONS.map((name) => arrivals.of('flood', name)[0]?.after ?? Number.NaN)),
    messages: Math.max(...DESTINATIONS.map((name) => arrivals.of('flood', name).length)),
    lastCount: Math.min(...DESTINATIONS.map(last)),
    criticals: criticals.length / DESTINATIONS.length,
    p50: percentile(criticals, 0.5),
    p99: percentile(criticals, 0.99),
    longest: percentile(criticals, 1),
  }
}

/** Ms until each critical finding was first told to each destination. */
function firsts(arrivals: Arrivals): number[] {
  const found = new Map<string, number>()
  for (const { rule, destination, after } of arrivals.all) {
    const key = `${destination} ${rule}`
    if (rule.startsWith('critical-') && !found.has(key)) found.set(key, after)
  }
  return [...found.values()]
}

/** Critical findings while the receivers refuse, before the kill. */
const REFUSED = 20
/** How long what is told after a kill is waited for, ms: an open circuit is probed within ten seconds. */
const AFTER_MS = 30_000

export interface KillFigures {
  /** Of the critical findings, those that a destination never heard of. */
  readonly lost: number
  /** Of the critical findings, those that came to a destination more than once. */
  readonly repeated: number
  /** Share of the flood's findings until the kill that the last message counted. */
  readonly counted: number
}

/**
 * In the middle of a flood the receivers begin to refuse, critical findings come, and 50 ms after the last one the contender is killed. It is started
 * again with what it had stored, and the receivers take again.
 */
export async function killed(contender: Contender, arrivals: Arrivals, perSecond: number): Promise<KillFigures> {
  const begun = performance.now()
  const flooding = contender.find(FLOOD, perSecond * 60, 60_000)
  flooding.catch(() => {})
  await setTimeout(2_000)
  arrivals.refuses = true
  for (let i = 0; i < REFUSED; i++) {
    await contender.find({ rule: `critical-${i}`, severity: 'critical', mark: `critical-${i}` })
    await setTimeout(i === REFUSED - 1 ? 50 : 100)
  }
  await contender.kill()
  const found = ((performance.now() - begun) / 1000) * perSecond
  arrivals.refuses = false
  await contender.restart()
  const arrived = (i: number, name: string) => arrivals.of(`critical-${i}`, name).length
  const each = Array.from({ length: REFUSED }, (_, i) => i)
  const last = (name: string) => arrivals.of('flood', name).at(-1)?.count ?? 0
  const before = new Map(DESTINATIONS.map((name) => [name, last(name)]))
  const isAllThere = () => DESTINATIONS.every((name) => last(name) > (before.get(name) ?? 0) && each.every((i) => arrived(i, name) > 0))
  await arrivals.until(isAllThere, AFTER_MS)
  return {
    lost: each.filter((i) => DESTINATIONS.some((name) => arrived(i, name) === 0)).length,
    repeated: each.filter((i) => DESTINATIONS.some((name) => arrived(i, name) > 1)).length,
    counted: Math.min(1, Math.min(...DESTINATIONS.map(last)) / found),
  }
}
