import { describe, expect, it } from 'vitest'
import { exec } from '../src/model/events/exec.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { Engine } from '../src/pipeline/engine.ts'
import type { Finding } from '../src/signals/finding.ts'
import { Grouping, MAX_OPEN_PER_RULE, WINDOW_MS } from '../src/signals/grouping.ts'
import type { Signal } from '../src/signals/signal.ts'
import { safeLine } from '../src/signals/signal-json.ts'
import { bodyOf } from './fixtures/delivery.ts'

const engine = new Engine(
  new EventRegistry(),
  () => {},
  () => {},
)

function eventOf(path: string, second = 0, container = '') {
  return engine.keptEvent(
    exec,
    new Map<string, unknown>([
      ['exec.file.path', path],
      ['process.file.path', path],
      ['container.id', container],
      ['event.timestamp', 1_700_000_000_000_000_000n + BigInt(second) * 1_000_000_000n],
    ]),
  )
}

function setUp() {
  const told: { signal: Signal; final: boolean }[] = []
  const clock = { now: 0 }
  const grouping = new Grouping({ host: 'h', emit: ({ signal }, final) => told.push({ signal, final }), now: () => clock.now })
  return { told, clock, grouping }
}

const finding: Finding = { rule: 'r', severity: 'medium', title: 't', message: 'ran {{@exec.file.path}} as {{@exec.user}}' }

describe('grouping', () => {
  it('tells a signal at once, its growth once a flush, and what is left when it stops', () => {
    const { told, grouping } = setUp()
    grouping.add(finding, eventOf('/tmp/a'))
    expect(told).toHaveLength(1)
    expect(told[0]?.signal).toMatchObject({
      revision: 1,
      count: 1,
      rule: { id: 'r', name: 'r' },
      message: 'ran /tmp/a as (unknown)',
      first_seen: '2023-11-14T22:13:20.000000000Z',
      host: { name: 'h' },
      group: { 'container.id': '', 'process.file.path': '/tmp/a', 'exec.file.path': '/tmp/a' },
    })
    for (let i = 1; i < 1000; i++) grouping.add(finding, eventOf('/tmp/a', i))
    expect(told).toHaveLength(1)
    grouping.flush()
    expect(told).toHaveLength(2)
    expect(told[1]?.signal).toMatchObject({ id: told[0]?.signal.id, revision: 2, count: 1000, last_seen: '2023-11-14T22:29:59.000000000Z' })
    grouping.flush()
    expect(told).toHaveLength(2)
    grouping.add(finding, eventOf('/tmp/a'))
    grouping.close()
    expect(told[2]).toMatchObject({ final: true, signal: { revision: 3, count: 1001 } })
  })

  it('starts a new signal after the window', () => {
    const { told, clock, grouping } = setUp()
    grouping.add(finding, eventOf('/tmp/a'))
    clock.now = WINDOW_MS
    grouping.add(finding, eventOf('/tmp/a'))
    expect(told.map(({ signal }) => signal.revision)).toEqual([1, 1])
    expect(told[0]?.signal.id).not.toBe(told[1]?.signal.id)
    grouping.close()
  })

  it('folds what is beyond the limit of a rule into one signal of its own, and leaves other rules alone', () => {
    const { told, grouping } = setUp()
    for (let i = 0; i < 1000; i++) grouping.add(finding, eventOf(`/tmp/${i}`))
    expect(told).toHaveLength(MAX_OPEN_PER_RULE + 1)
    const folded = told.at(-1)?.signal
    expect(folded).toMatchObject({ folded: true, title: 'More signals of: t' })
    grouping.add({ ...finding, rule: 'other' }, eventOf('/tmp/x'))
    expect(told.at(-1)?.signal.rule.id).toBe('other')
    grouping.close()
    const last = told.findLast(({ signal }) => signal.id === folded?.id)
    expect(last?.signal.count).toBe(1000 - MAX_OPEN_PER_RULE)
  })

  it('shows what is new in the folded signal each time it is told', () => {
    const { told, grouping } = setUp()
    for (let i = 0; i < 100; i++) grouping.add(finding, eventOf(`/tmp/harmless-${i}`))
    grouping.flush()
    for (let i = 0; i < 100; i++) grouping.add(finding, eventOf(`/tmp/real-${i}`))
    grouping.flush()
    expect(told.at(-1)?.signal).toMatchObject({
      folded: true,
      message: '180 more on 1 host. ran /tmp/real-0 as (unknown)',
      group: {},
      count: 180,
    })
    expect(told.at(-1)?.signal.event).toMatchObject({ exec: { file: { path: '/tmp/real-0' } } })
    grouping.close()
  })

  it('says in the folded signal how much more there is, and in how many containers [case 7]', () => {
    const { told, grouping } = setUp()
    for (let i = 0; i < 500; i++) grouping.add(finding, eventOf(`/tmp/${i}`, 0, i % 4 === 0 ? '' : `c${i % 4}`))
    grouping.close()
    const last = new Map(told.map(({ signal }) => [signal.id, signal]))
    expect(last.size).toBe(MAX_OPEN_PER_RULE + 1)
    expect([...last.values()].at(-1)).toMatchObject({
      folded: true,
      count: 480,
      message: expect.stringMatching(/^480 more on 1 host, in 3 containers\. ran/),
    })
    for (let i = 0; i < 5_000; i++) grouping.add({ rule: 'silent', severity: 'low' }, eventOf(`/tmp/${i}`, 0, `c${i}`))
    grouping.close()
    expect(told.at(-1)?.signal.message).toBe('4980 more on 1 host, in more than 1000 containers.')
  })

  it('bounds what one event makes of a signal, and says so', () => {
    const { told, grouping } = setUp()
    const huge = engine.keptEvent(
      exec,
      new Map<string, unknown>([
        ['exec.file.path', '/tmp/a'],
        ['exec.args', '\u202e'.repeat(65_536)],
        ['exec.argv', Array.from({ length: 30_000 }, () => '\u0001')],
        ['exec.file.inode', 2n ** 60n],
      ]),
    )
    grouping.add(finding, huge)
    const signal = told[0]?.signal as Signal
    expect(Buffer.byteLength(safeLine(bodyOf(signal)))).toBeLessThan(256 * 1024)
    expect(signal).toMatchObject({ truncated: true, event: { exec: { file: { path: '/tmp/a' } } } })
    expect((signal.event['exec'] as { args: string }).args).toMatch(/…\(\+\d+\)$/)
    expect((signal.event['exec'] as { argv: string[] }).argv.at(-1)).toMatch(/^…\(\+\d+\)$/)
    expect(bodyOf(signal)).toContain('1152921504606846976')
    grouping.add(finding, eventOf('/tmp/b'))
    expect(told.at(-1)?.signal).not.toHaveProperty('truncated')
    grouping.close()
  })

  it('tells a rise of severity at once', () => {
    const { told, grouping } = setUp()
    grouping.add(finding, eventOf('/tmp/a'))
    grouping.add({ ...finding, severity: 'critical' }, eventOf('/tmp/a'))
    grouping.add({ ...finding, severity: 'low' }, eventOf('/tmp/a'))
    expect(told.map(({ signal }) => signal.severity)).toEqual(['medium', 'critical'])
    grouping.close()
    expect(told.at(-1)?.signal.severity).toBe('critical')
  })

  it('makes hostile values visible in messages', () => {
    const { told, grouping } = setUp()
    grouping.add(finding, eventOf('/tmp/\u001b[2J\u202e{{@exec.comm}}'))
    expect(told[0]?.signal.message).toBe('ran /tmp/\\u{1b}[2J\\u{202e}{{@exec.comm}} as (unknown)')
    grouping.close()
  })
})
