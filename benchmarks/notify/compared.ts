import { figure } from '../statistics.ts'
import { Alertmanager, type Setting } from './alertmanager.ts'
import { Arrivals, readers } from './arrivals.ts'
import type { Contender } from './contender.ts'
import { Cws } from './cws.ts'
import { type FloodFigures, flood, type KillFigures, killed } from './flood.ts'

/** Alertmanager as it comes; as soon as it can; and so that it can count, by a label that makes each finding an alert of its own. */
const settings: readonly Setting[] = [
  { name: 'Alertmanager, 30 s and 5 min', wait: '30s', interval: '5m', isEach: false },
  { name: 'Alertmanager, 0 s and 10 s', wait: '0s', interval: '10s', isEach: false },
  { name: 'Alertmanager, 0 s and 10 s, an alert a finding', wait: '0s', interval: '10s', isEach: true },
]

interface Entrant {
  readonly name: string
  readonly read: Parameters<typeof Arrivals.start>[0]
  start(arrivals: Arrivals): Promise<Contender>
}

/** The same flood, the same receivers, one after another; a table of it, in Markdown. */
export async function compared(count: number, seconds: number, alertmanager: string | undefined): Promise<void> {
  const entrants: Entrant[] = [{ name: 'CWS', read: readers.cws, start: (arrivals) => Cws.start(arrivals) }]
  if (alertmanager === undefined)
    console.log('Alertmanager is not measured: it is not installed (apt-get install --no-install-recommends prometheus-alertmanager).')
  else
    for (const setting of settings)
      entrants.push({
        name: setting.name,
        read: readers.alertmanager,
        start: (arrivals) => Alertmanager.start(arrivals, setting),
      })
  const filter = process.env['CWS_BENCH_ENTRANTS'] ?? ''
  const rows: { readonly name: string; readonly flood: FloodFigures; readonly kill: KillFigures }[] = []
  for (const { name, read, start } of entrants.filter((each) => each.name.includes(filter))) {
    const run = async <T>(what: (contender: Contender, arrivals: Arrivals) => Promise<T>): Promise<T> => {
      await using arrivals = await Arrivals.start(read)
      await using contender = await start(arrivals)
      return await what(contender, arrivals)
    }
    const row = {
      name,
      flood: await run((...args) => flood(...args, count, seconds * 1000)),
      kill: await run((...args) => killed(...args, Math.round(count / seconds))),
    }
    rows.push(row)
    if (name === 'CWS') ours(row.flood, row.kill, count)
  }
  console.log(`\n${count} findings in ${seconds} s${alertmanager === undefined ? '' : `; Alertmanager ${alertmanager}`}\n`)
  console.log('| | messages a destination | last count | first message | critical, p50 | critical, p99 | lost by the kill | counted |')
  console.log('|---|---|---|---|---|---|---|---|')
  for (const { name, flood: f, kill } of rows)
    console.log(
      `| ${name} | ${f.messages} | ${f.lastCount} | ${ms(f.first)} | ${ms(f.p50)} | ${ms(f.p99)} | ${kill.lost} of 20 | ${Math.round(kill.counted * 100)} % |`,
    )
}

function ours(f: FloodFigures, kill: KillFigures, count: number): void {
  figure('flood: messages to a destination [case 4]', f.messages, '', '25')
  figure('flood: last count [case 4]', f.lastCount, `of ${count}`)
  figure('flood: critical findings told', f.criticals, '', '100')
  figure('flood: critical finding to receiver: p50', f.p50, 'ms')
  figure('flood: critical finding to receiver: p99 [case 5]', f.p99, 'ms', '250')
  figure('flood: critical finding to receiver: longest [case 5]', f.longest, 'ms', '1000')
  figure('killed in the flood: critical findings lost [case 70]', kill.lost, 'of 20', '0')
  figure('killed in the flood: told more than once', kill.repeated, 'of 20', '0')
  figure('killed in the flood: findings counted', kill.counted * 100, '%')
}

const ms = (value: number): string => (value < 1_000 ? `${value.toPrecision(2)} ms` : `${(value / 1_000).toPrecision(3)} s`)
