import { setTimeout } from 'node:timers/promises'
import { figure, percentile } from '../statistics.ts'
import { Arrivals, readers } from './arrivals.ts'
import { PacedAgent } from './paced-agent.ts'

const WAITING = 50
const GAP_MS = 50

/** One destination accepts connections and never answers while messages wait for it: what that is to another one. */
export async function badReceiver(rounds: number): Promise<void> {
  await using arrivals = await Arrivals.start(readers.cws)
  await using bad = await Arrivals.start(readers.cws)
  bad.silent.add('bad')
  await using paced = await PacedAgent.start([
    { name: 'bad', url: bad.url('bad') },
    { name: 'good', url: arrivals.url('good') },
  ])
  for (let i = 0; i < WAITING; i++) await paced.find({ rule: `waits-${i}`, severity: 'medium', mark: `waits-${i}` })
  if (!(await arrivals.until(() => arrivals.all.length === WAITING, 10_000))) throw new Error('the other destination was not told')
  for (let i = 0; i < rounds; i++) {
    await paced.find({ rule: `round-${i}`, severity: 'critical', mark: `round-${i}` })
    await setTimeout(GAP_MS)
  }
  await arrivals.until(() => arrivals.all.length === WAITING + rounds, 10_000)
  const after = arrivals.all.filter(({ rule }) => rule.startsWith('round-')).map((each) => each.after)
  figure('one receiver never answers: the other was told', after.length, '', `${rounds}`)
  figure('one receiver never answers: the other, p50', percentile(after, 0.5), 'ms')
  figure('one receiver never answers: the other, p99 [case 17]', percentile(after, 0.99), 'ms', '250')
  figure('one receiver never answers: connections to it [case 17]', bad.connections, '', '4')
}
