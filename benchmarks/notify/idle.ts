import { setTimeout } from 'node:timers/promises'
import { figure, percentile } from '../statistics.ts'
import { Arrivals, readers } from './arrivals.ts'
import { PacedAgent } from './paced-agent.ts'

/** Rounds before those that count: code is compiled, the connection made. */
const WARM_UP = 50

/** From a critical finding to the receiver's having the request, on an idle agent with one webhook. */
export async function idle(rounds: number): Promise<void> {
  await using arrivals = await Arrivals.start(readers.cws)
  await using paced = await PacedAgent.start([{ name: 'one', url: arrivals.url('one') }])
  for (let i = 0; i < WARM_UP + rounds; i++) {
    const rule = `round-${i}`
    await paced.find({ rule, severity: 'critical', mark: rule })
    if (!(await arrivals.until(() => arrivals.of(rule).length > 0, 10_000))) throw new Error(`${rule} did not arrive`)
    await setTimeout(3)
  }
  // Whether anything comes twice.
  await setTimeout(500)
  const counted = arrivals.all.slice(WARM_UP)
  const after = counted.map((each) => each.after)
  figure('idle: requests for each finding', arrivals.all.length / (WARM_UP + rounds), '', '1')
  figure('idle: finding to receiver: p50', percentile(after, 0.5), 'ms')
  figure('idle: finding to receiver: p99', percentile(after, 0.99), 'ms', '20')
  figure('idle: finding to receiver: longest', percentile(after, 1), 'ms')
}
