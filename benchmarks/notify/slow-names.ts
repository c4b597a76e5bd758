import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { root } from '../../tests/support/agent.ts'
import { TestAuthority } from '../../tests/support/certificates.ts'
import { figure, percentile } from '../statistics.ts'
import { Arrivals, readers } from './arrivals.ts'
import { FileArrivals } from './file-arrivals.ts'
import { NAME_SERVER, startNameServer } from './name-server.ts'
import { PacedAgent } from './paced-agent.ts'
import { startAside } from './receiver-aside.ts'

const SLOW_NAME = 'slow.test'
const SLOW = ['slow-a', 'slow-b', 'slow-c', 'slow-d']
const GAP_MS = 100
/** Rounds before those that count: code is compiled. */
const WARM_UP = 10

/**
 * A name server answers after 5 s for the one name that four destinations use: what that is to a destination with another name, which is looked up for
 * each message, to one with an address, and to a file: while it is waited for, and after. What waited for the slow name is told to a thread of its own. The agent has a mount namespace of its own, with a `resolv.conf` of its own.
 */
export async function slowNames(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cws-bench-names-'))
  try {
    const authority = new TestAuthority(folder)
    await using server = await startNameServer()
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${NAME_SERVER}\noptions timeout:10 attempts:1\n`)
    const identity = authority.identity('receiver', 'DNS:slow.test,DNS:quick.test')
    await using named = await Arrivals.start(readers.cws, identity)
    named.closes = true
    await using plain = await Arrivals.start(readers.cws)
    await using aside = await startAside(identity)
    const others = [
      { name: 'quick', url: named.url('quick', 'quick.test'), ca: authority.caFile },
      { name: 'address', url: plain.url('address') },
    ]
    const slow = SLOW.map((name) => ({ name, url: `${aside.at(SLOW_NAME)}/${name}`, ca: authority.caFile }))
    /** The 99th percentile without the slow name, ms, by who is told. */
    const without = new Map<string, number>()
    for (const [what, webhooks] of [
      ['no slow name', others],
      ['a slow name', [...slow, ...others]],
    ] as const) {
      named.all.length = 0
      plain.all.length = 0
      using lines = new FileArrivals(join(folder, `${webhooks.length}.jsonl`))
      await using paced = await PacedAgent.start(webhooks, { file: lines.path, command: within(folder) })
      /** Rounds that were over before the slow name was answered. */
      let waited = 0
      for (let i = 0; i < WARM_UP + rounds; i++) {
        await paced.find({ rule: `round-${i}`, severity: 'critical', mark: `round-${i}` })
        await setTimeout(GAP_MS)
        if (!server.answered.includes(SLOW_NAME)) waited = i + 1
      }
      const of = (name: string) => [named, plain].flatMap(({ all }) => all.filter(({ destination }) => destination === name))
      const isAllThere = () => [...others.map(({ name }) => of(name)), lines.after].every(({ length }) => length === WARM_UP + rounds)
      await named.until(isAllThere, 20_000)
      for (const [who, after] of [
        ['to another name', of('quick').map((each) => each.after)],
        ['to an address', of('address').map((each) => each.after)],
        ['to a file', lines.after],
      ] as const) {
        figure(`${what}, ${who}: told`, after.length - WARM_UP, '', `${rounds}`)
        const p99 = percentile(after.slice(WARM_UP, waited), 0.99)
        const before = without.get(who)
        without.set(who, p99)
        figure(`${what}, ${who}: p50`, percentile(after.slice(WARM_UP, waited), 0.5), 'ms')
        figure(`${what}, ${who}: p99`, p99, 'ms')
        if (before === undefined) continue
        figure(`${what}, ${who}: p99 is longer by [case 22]`, p99 - before, 'ms', '50')
        figure(`${what} was answered, what waited is told, ${who}: p99`, percentile(after.slice(waited), 0.99), 'ms')
      }
    }
    if (!server.answered.includes(SLOW_NAME)) throw new Error('the slow name was never looked up')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const within = (folder: string): readonly [string, ...string[]] => [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  '/bin/sh',
  '-ec',
  `mount --bind '${join(folder, 'resolv.conf')}' /etc/resolv.conf; exec "$0" "$@"`,
  process.execPath,
  join(root, 'distributions/host/bin/cws.js'),
]
