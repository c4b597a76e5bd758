import { describe, expect, it } from 'vitest'
import { type Conversation, newConversation, nextKey } from '../../src/notifications/conversation.ts'
import { type Decision, decide } from '../../src/notifications/decide.ts'
import { statusAfter } from '../../src/notifications/lifecycle.ts'
import type { Terms } from '../../src/notifications/terms.ts'

const NOW = 1_000_000_000
/** A summer's evening: 23:30 in Paris. */
const WALL = Date.parse('2026-07-01T21:30:00Z')
const quiet = { from: 22 * 60, to: 6 * 60, zone: 'Europe/Paris', except: 4 }
/** 06:00 there. */
const MORNING = NOW + 6.5 * 3_600_000
const AGO = 60_000
const [MEDIUM, HIGH, CRITICAL] = [2, 3, 4]

type Head = Parameters<typeof decide>[1]
const head = (overrides: Partial<Head> = {}): Head => ({ revision: 1, severity: HIGH, status: 'open', count: 1, ...overrides })
const untold = (overrides: Partial<Conversation> = {}): Conversation => ({
  ...newConversation('s', 'd', 'r', NOW - AGO),
  opened_at: NOW - AGO,
  wanted: 1,
  ...overrides,
})
const told = (overrides: Partial<Conversation> = {}): Conversation =>
  untold({
    told_revision: 1,
    told_severity: HIGH,
    told_count: 1,
    told_status: 'open',
    told_at: NOW - AGO,
    tellings: 1,
    ...overrides,
  })
const later = (ms: number): number => NOW - AGO + ms

const cases: readonly [string, Conversation, Head, Terms, Decision | undefined][] = [
  ['new', untold(), head(), {}, { reason: 'opened', due: later(0) }],
  ['new, and may wait', untold(), head(), { wait: 90_000 }, { reason: 'opened', due: later(90_000) }],
  ['new, may wait, but is critical', untold(), head({ severity: CRITICAL }), { wait: 90_000 }, { reason: 'opened', due: later(0) }],
  ['acknowledged before anybody was told', untold(), head({ status: 'acknowledged' }), {}, undefined],
  ['archived before anybody was told [case 8]', untold(), head({ status: 'archived' }), { repeat: 1 }, undefined],
  [
    'no rule wants it, only an escalation does',
    untold({ opened_at: null, escalations: '[5,9]' }),
    head(),
    {},
    { reason: 'escalated', due: 5 },
  ],
  ['the same, acknowledged in time', untold({ opened_at: null, escalations: '[5]' }), head({ status: 'acknowledged' }), {}, undefined],
  ['no rule wants it', untold({ opened_at: null }), head(), {}, undefined],

  ['part of something worse that is told', untold({ kept_by: 't' }), head(), { repeat: 1 }, undefined],

  ['told, and nothing is new', told(), head(), {}, undefined],
  ['grown', told(), head({ revision: 2, count: 2 }), {}, { reason: 'updated', due: later(10_000) }],
  ['grown, with an interval', told(), head({ revision: 2, count: 2 }), { update: 300_000 }, { reason: 'updated', due: later(300_000) }],
  [
    'grown while acknowledged',
    told({ told_status: 'acknowledged' }),
    head({ revision: 2, status: 'acknowledged' }),
    {},
    { reason: 'updated', due: later(10_000) },
  ],
  ['raised', told(), head({ revision: 2, severity: CRITICAL }), { update: 300_000 }, { reason: 'raised', due: later(0) }],
  [
    'raised after it was acknowledged [case 37]',
    told({ told_status: 'acknowledged' }),
    head({ revision: 2, severity: CRITICAL }),
    {},
    { reason: 'raised', due: later(0) },
  ],
  ['opened anew after it was archived', told({ told_status: 'archived' }), head({ revision: 2 }), {}, { reason: 'opened', due: later(0) }],
  ['less severe than was told', told(), head({ revision: 2, severity: MEDIUM }), {}, { reason: 'updated', due: later(10_000) }],

  ['acknowledged', told(), head({ status: 'acknowledged' }), { repeat: 1 }, { reason: 'acknowledged', due: NOW }],
  ['acknowledged, and told so', told({ told_status: 'acknowledged' }), head({ status: 'acknowledged' }), { repeat: 1 }, undefined],
  ['archived', told(), head({ status: 'archived' }), {}, { reason: 'archived', due: NOW }],
  [
    'archived after it was acknowledged',
    told({ told_status: 'acknowledged' }),
    head({ status: 'archived' }),
    {},
    { reason: 'archived', due: NOW },
  ],
  ['archived, told so, and grown', told({ told_status: 'archived' }), head({ status: 'archived', revision: 9 }), { repeat: 1 }, undefined],

  ['open, to be repeated', told(), head(), { repeat: 3_600_000 }, { reason: 'repeat', due: later(3_600_000) }],
  [
    'the clock was behind when it was told',
    told({ told_at: NOW + 1e9 }),
    head(),
    { repeat: 3_600_000 },
    { reason: 'repeat', due: NOW + 3_600_000 },
  ],
  ['grown and to be repeated: what is first', told(), head({ revision: 2 }), { repeat: 5_000 }, { reason: 'repeat', due: later(5_000) }],
  ['escalated before it is repeated', told({ escalations: '[7]' }), head(), { repeat: 3_600_000 }, { reason: 'escalated', due: 7 }],
  [
    'grown, and a step is due since: that calls somebody',
    told({ escalations: `[${NOW}]` }),
    head({ revision: 2 }),
    {},
    { reason: 'escalated', due: NOW },
  ],
  [
    'grown, and a step is to come',
    told({ escalations: `[${NOW + 1}]` }),
    head({ revision: 2 }),
    {},
    { reason: 'updated', due: later(10_000) },
  ],
  ['a step that is due and a repeat', told({ escalations: `[${NOW}]` }), head(), { repeat: 5_000 }, { reason: 'escalated', due: NOW }],
  [
    'a step at the very time of an update',
    told({ told_at: NOW, escalations: `[${NOW + 10_000}]` }),
    head({ revision: 2 }),
    {},
    { reason: 'escalated', due: NOW + 10_000 },
  ],
  [
    'grown before quiet hours, and a step was due in them',
    told({ told_at: NOW - 3 * 3_600_000, escalations: `[${NOW - AGO}]` }),
    head({ revision: 2 }),
    { quiet },
    { reason: 'updated', due: NOW - 3 * 3_600_000 + 10_000 },
  ],
  [
    'acknowledged: no escalation',
    told({ escalations: '[7]', told_status: 'acknowledged' }),
    head({ status: 'acknowledged' }),
    {},
    undefined,
  ],

  [
    'interrupts: not doubled, so only the last',
    told({ told_count: 10, changed_at: NOW }),
    head({ revision: 2, count: 19 }),
    { interrupts: true },
    { reason: 'updated', due: NOW + 600_000 },
  ],
  [
    'interrupts: doubled',
    told({ told_count: 10 }),
    head({ revision: 2, count: 20 }),
    { interrupts: true },
    { reason: 'updated', due: later(30_000) },
  ],
  [
    'interrupts: doubled once more',
    told({ told_count: 20, tellings: 3 }),
    head({ revision: 3, count: 40 }),
    { interrupts: true },
    { reason: 'updated', due: later(600_000) },
  ],
  [
    'interrupts: told often',
    told({ told_count: 20, tellings: 99 }),
    head({ revision: 3, count: 40 }),
    { interrupts: true },
    { reason: 'updated', due: later(3_600_000) },
  ],
  [
    'interrupts: the rule asks for more',
    told({ told_count: 10 }),
    head({ revision: 2, count: 20 }),
    { interrupts: true, update: 900_000 },
    { reason: 'updated', due: later(900_000) },
  ],
  ['interrupts: the count is the same', told(), head({ revision: 2 }), { interrupts: true }, undefined],
  [
    'interrupts: acknowledged',
    told({ told_status: 'acknowledged' }),
    head({ revision: 2, count: 99, status: 'acknowledged' }),
    { interrupts: true },
    undefined,
  ],
  [
    'it keeps others quiet',
    told({ kept_since: NOW }),
    head(),
    { saysKept: true, update: 120_000 },
    { reason: 'updated', due: later(120_000) },
  ],
  ['the same, where no message can say it', told({ kept_since: NOW }), head(), {}, undefined],
  [
    'the same while somebody looks at it',
    told({ kept_since: NOW, told_status: 'acknowledged' }),
    head({ status: 'acknowledged' }),
    { saysKept: true },
    undefined,
  ],
  [
    'interrupts: it keeps others quiet, which is told once there are no more',
    told({ kept_since: NOW - 20_000 }),
    head(),
    { saysKept: true, interrupts: true },
    { reason: 'updated', due: NOW - 20_000 + 600_000 },
  ],
  [
    'interrupts: the same, told often',
    told({ kept_since: NOW - 20_000, tellings: 99 }),
    head(),
    { saysKept: true, interrupts: true },
    { reason: 'updated', due: later(3_600_000) },
  ],
  ['in quiet hours', untold(), head(), { quiet }, { reason: 'opened', due: MORNING, isHeld: true }],
  [
    'in quiet hours, so severe that somebody is woken [case 32]',
    untold(),
    head({ severity: CRITICAL }),
    { quiet },
    { reason: 'opened', due: later(0) },
  ],
  ['due once they are over', untold(), head(), { quiet, wait: 9 * 3_600_000 }, { reason: 'opened', due: later(9 * 3_600_000) }],
  ['grown in quiet hours', told(), head({ revision: 2 }), { quiet }, { reason: 'updated', due: MORNING, isHeld: true }],
  ['to be repeated in quiet hours', told(), head(), { quiet, repeat: 3_600_000 }, { reason: 'repeat', due: MORNING, isHeld: true }],
  ['judged in quiet hours', told(), head({ status: 'archived' }), { quiet }, { reason: 'archived', due: NOW }],
  ['opened and archived in quiet hours', untold(), head({ status: 'archived' }), { quiet }, undefined],
  [
    'came in quiet hours that are over',
    untold({ opened_at: NOW - 18 * 3_600_000 }),
    head(),
    { quiet },
    { reason: 'opened', due: MORNING - 24 * 3_600_000, isHeld: true },
  ],
]

describe('whether and why somebody is told', () => {
  it.each(cases)('%s', (_, conversation, signal, terms, expected) => {
    expect(decide(conversation, signal, terms, NOW, WALL)).toEqual(expected)
  })
})

it('no two messages have the same key', () => {
  let conversation = untold()
  const keys = [1, 1, 3, 3, 3, 4].map((revision) => {
    const next = nextKey(conversation, revision)
    conversation = next.conversation
    return next.key
  })
  expect(keys).toEqual(['s:1:d', 's:1:d:2', 's:3:d', 's:3:d:2', 's:3:d:3', 's:4:d'])
})

it.each([
  [undefined, { status: 'open', severity: 3 }, 'open'],
  [{ status: 'acknowledged', severity: 3 }, { status: 'open', severity: 3 }, 'acknowledged'],
  [{ status: 'acknowledged', severity: 3 }, { status: 'open', severity: 4 }, 'open'],
  [{ status: 'archived', severity: 3 }, { status: 'open', severity: 2 }, 'archived'],
  [{ status: 'archived', severity: 3 }, { status: 'open', severity: 4 }, 'open'],
])('of %o the revision %o is %s', (before, next, status) => {
  expect(statusAfter(before, next)).toBe(status)
})
