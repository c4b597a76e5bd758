import { expect, it } from 'vitest'
import { Router, routesOf } from '../../src/delivery/telling/routing.ts'
import { UNKNOWN } from '../../src/model/unknown.ts'
import { readableSignal, signalScope } from '../../src/signals/scope.ts'
import { rankOf } from '../../src/signals/severity.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { decodeSignal, safeLine } from '../../src/signals/signal-json.ts'
import { bodyOf, signalOf } from '../fixtures/delivery.ts'

const DESTINATIONS = ['slack', 'pagerduty', 'siem']

function routed(signal: Signal, ...rules: Parameters<typeof routesOf>[0]): readonly string[] {
  const router = new Router(DESTINATIONS, structuredClone(routesOf(rules, DESTINATIONS)))
  return [...router.route(rankOf(signal.severity), () => signal).keys()]
}

it('sends everything from low up everywhere when there are no rules', () => {
  const router = new Router(DESTINATIONS, undefined)
  const unread = () => expect.unreachable()
  expect([...router.route(rankOf('low'), unread)]).toEqual(DESTINATIONS.map((name) => [name, undefined]))
  expect([...router.route(rankOf('info'), unread)]).toEqual([])
})

it('sends what rules say, to each destination once', () => {
  const rules = [
    { name: 'Page us', when: 'severity == critical', to: ['pagerduty', 'slack'] },
    { name: 'Tell the team', when: 'severity >= medium', to: 'slack' },
    { name: 'Archive', to: 'siem' },
    { name: 'Off', to: 'pagerduty', enabled: false },
  ]
  expect(routed(signalOf({ severity: 'critical' }), ...rules)).toEqual(['pagerduty', 'slack', 'siem'])
  expect(routed(signalOf({ severity: 'high' }), ...rules)).toEqual(['slack', 'siem'])
  expect(routed(signalOf({ severity: 'low' }), ...rules)).toEqual(['siem'])
  expect(routed(signalOf())).toEqual([])
})

it('of several rules the first that holds has the word, a destination each', () => {
  const rules = [
    { name: 'Page us', when: 'severity == critical', to: ['pagerduty', 'slack'], repeat: '1h' },
    { name: 'Tell the team', to: ['slack', 'siem'], wait: '30s', update: '5m' },
  ]
  const router = new Router(DESTINATIONS, routesOf(rules, DESTINATIONS))
  const owners = (severity: Signal['severity']) =>
    [...router.route(rankOf(severity), () => signalOf({ severity }))].map(([name, route]) => [name, route?.name])
  expect(owners('critical')).toEqual([
    ['pagerduty', 'Page us'],
    ['slack', 'Page us'],
    ['siem', 'Tell the team'],
  ])
  expect(owners('low')).toEqual([
    ['slack', 'Tell the team'],
    ['siem', 'Tell the team'],
  ])
  expect(routesOf(rules, DESTINATIONS)).toMatchObject([{ repeat: 3_600_000 }, { wait: 30_000, update: 300_000 }])
})

it.each([
  ['rule.id == "shell-from-web-server"', true],
  ['rule.id != "shell-from-web-server"', false],
  ['severity >= medium && severity < critical', true],
  ['"mitre:T1505.003" in tags', true],
  ['tags == "mitre:T1505.003"', true],
  ['host.name == "web2"', false],
  ['count > 3', false],
  ['process.file.name in ["bash", "sh"]', true],
  ['process.args =~ "*-c*"', true],
  ['process.file.inode == 42', true],
  ['process.ancestors.file.name == "php-fpm"', true],
  ['process.ancestors.file.name == "sshd"', false],
  ['container.id == ""', true],
  ['container.id != ""', false],
  ['event.type == "exec"', true],
  // What the event does not have is unknown: neither holds.
  ['open.file.path == "/etc/shadow"', false],
  ['open.file.path != "/etc/shadow"', false],
])('decides %s', (when, holds) => {
  expect(routed(signalOf(), { name: 'x', when, to: 'siem' })).toEqual(holds ? ['siem'] : [])
})

it('refuses a rule that names what is not there', () => {
  expect(() => routesOf([{ name: 'Page us', to: 'pagerdty' }], DESTINATIONS)).toThrow(
    expect.objectContaining({ code: 'CWS_ERR_DESTINATION_UNKNOWN', message: expect.stringContaining('did you mean "pagerduty"?') }),
  )
  expect(() => routesOf([{ name: 'Page us', when: 'severty == critical', to: 'siem' }], DESTINATIONS)).toThrow(
    expect.objectContaining({ code: 'CWS_ERR_CONDITION', message: expect.stringMatching(/notification "Page us".*"severity"/s) }),
  )
  expect(() => routesOf([{ name: 'Off', when: 'severity ==', to: 'siem', enabled: false }], DESTINATIONS)).toThrow(
    expect.objectContaining({ code: 'CWS_ERR_CONDITION' }),
  )
})

it('crosses the threads as text without loss', () => {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('18446744073709551615')
  const signal = signalOf({
    title: 'a\u009bb\u202ec\u007f\u{e0041}',
    event: { type: 'exec', process: { file: { inode: raw, name: '\ud800' }, cap_effective: 9007199254740991 } },
  })
  const line = safeLine(bodyOf(signal))
  expect(line).toContain('a\\u009bb\\u202ec\\u007f\\udb40\\udc41')
  expect(line).toMatch(/^[\x20-\x7e]*$/)
  const back = decodeSignal(line)
  expect(back.title).toBe(signal.title)
  expect(bodyOf(back)).toBe(bodyOf(signal))
  const subject = readableSignal(back)
  expect(subject.get('process.file.inode')).toBe(18446744073709551615n)
  expect(subject.get('process.cap_effective')).toBe(9007199254740991n)
})

it('reads times as nanoseconds, and knows what it does not know', () => {
  const subject = readableSignal(signalOf())
  expect(subject.get('event.timestamp')).toBe(BigInt(Date.parse('2026-11-24T09:30:00Z')) * 1_000_000n + 123_456_789n)
  expect(subject.get('process.ancestors.pid')).toEqual([1203, 1])
  expect(subject.get('process.ancestors.length')).toBe(2)
  expect(subject.get('process.ancestors.args')).toEqual([UNKNOWN, UNKNOWN])
  expect(subject.get('process.cwd')).toBe(UNKNOWN)
  for (const name of ['__proto__.x', 'constructor.name', 'toString']) expect(subject.get(name)).toBe(UNKNOWN)
  expect(signalScope().fields.get('severity')?.constants).toEqual({ info: 0, low: 1, medium: 2, high: 3, critical: 4 })
})
