import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { figure, percentile } from '../statistics.ts'
import { Arrivals, readers } from './arrivals.ts'
import { PacedAgent } from './paced-agent.ts'

/** Rounds before those that count: code is compiled, the connection made. */
const WARM_UP = 50

/** From a critical finding to the receiver's having the request, on an idle agent with one webhook; in turns with a program that does nothing but post. */
export async function idle(rounds: number): Promise<void> {
  await using arrivals = await Arrivals.start(readers.cws)
  await using paced = await PacedAgent.start([{ name: 'one', url: arrivals.url('one') }])
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare.ts'), arrivals.url('bare')], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  try {
    for (let i = 0; i < WARM_UP + rounds; i++) {
      const rule = `round-${i}`
      await paced.find({ rule, severity: 'critical', mark: rule })
      await there(arrivals, rule, 'one')
      await setTimeout(3)
      bare.stdin.write(`${rule}\n`)
      await there(arrivals, rule, 'bare')
    }
  } finally {
    const gone = once(bare, 'exit')
    bare.stdin.end()
    if (bare.exitCode === null) await gone
  }
  // Whether anything comes twice.
  await setTimeout(500)
  const after = (name: string) => arrivals.all.filter(({ destination }) => destination === name).map((each) => each.after)
  const [told, posted] = [after('one'), after('bare').slice(WARM_UP)]
  figure('idle: requests for each finding [case 1]', told.length / (WARM_UP + rounds), '', '1')
  const counted = told.slice(WARM_UP)
  figure('idle: finding to receiver: p50', percentile(counted, 0.5), 'ms')
  figure('idle: finding to receiver: p99 [case 1]', percentile(counted, 0.99), 'ms', '20')
  figure('idle: finding to receiver: longest', percentile(counted, 1), 'ms')
  figure('idle: a bare POST of another program: p50', percentile(posted, 0.5), 'ms')
  figure('idle: a bare POST of another program: p99', percentile(posted, 0.99), 'ms')
}

async function there(arrivals: Arrivals, rule: string, destination: string): Promise<void> {
  const isThere = () => arrivals.of(rule, destination).length > 0
  if (!(await arrivals.until(isThere, 10_000))) throw new Error(`${rule} did not come to "${destination}"`)
}
