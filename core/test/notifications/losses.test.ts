import { expect, it } from 'vitest'
import type { NotificationRule } from '../../src/config/define-config.ts'
import { lossesOf } from '../../src/notifications/losses.ts'

const rule = (more: Partial<NotificationRule> = {}): NotificationRule => ({
  name: 'r',
  when: 'severity >= low',
  to: ['team', 'siem'],
  escalate: [{ after: '10m', to: 'pager' }],
  ...more,
})
const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris' }
const { escalate: _, ...unescalated } = rule()
const { when: __, ...unconditional } = rule()
const gone = 'does not go here any more'

const cases: readonly [string, NotificationRule | undefined, NotificationRule | undefined, Record<string, string>][] = [
  ['nothing was there', undefined, rule(), {}],
  ['nothing changed', rule(), rule(), {}],
  ['it did not fire before', rule({ enabled: false }), undefined, {}],
  ['deleted', rule(), undefined, { team: 'was deleted', siem: 'was deleted', pager: 'was deleted' }],
  ['disabled', rule(), rule({ enabled: false }), { team: 'was disabled', siem: 'was disabled', pager: 'was disabled' }],
  ['enabled', rule({ enabled: false }), rule(), {}],
  ['one leaves, another comes', rule(), rule({ to: ['team', 'new'] }), { siem: gone }],
  ['no escalation', rule(), unescalated, { pager: gone }],
  [
    'only an escalation is left',
    rule(),
    rule({ to: 'siem', escalate: [{ after: '1h', to: ['team', 'pager'] }] }),
    { team: 'goes here only while nobody acknowledges what it tells' },
  ],
  [
    'another condition',
    rule(),
    rule({ when: 'severity >= high' }),
    Object.fromEntries(
      ['team', 'siem', 'pager'].map((name) => [name, 'holds for `severity >= high` now, and held for `severity >= low` before']),
    ),
  ],
  [
    'a first condition',
    { ...unconditional, to: 'team' },
    rule({ to: 'team' }),
    expect.objectContaining({ team: 'holds for `severity >= low` now, and held for all signals before' }),
  ],
  ['no condition any more', rule(), unconditional, {}],
  [
    'quiet hours',
    { ...unescalated, to: 'team' },
    { ...unescalated, to: 'team', quiet },
    { team: 'is quiet from 22:00 to 06:00 Europe/Paris now' },
  ],
  ['quiet hours as before', rule({ quiet }), rule({ quiet: { ...quiet }, repeat: '4h' }), {}],
  ['other words and times', rule(), rule({ message: 'x', wait: '1m', repeat: '1h' }), {}],
]

it.each(cases)('what a change of a rule takes from whom: %s', (_, before, after, losses) => {
  expect(Object.fromEntries([...lossesOf(before, after)].map(([name, { text }]) => [name, text]))).toEqual(losses)
})

it('what is lost weighs the more the less is left', () => {
  const weight = (after: NotificationRule | undefined) => lossesOf(rule({ to: 'team' }), after).get('team')?.weight
  expect([
    weight(undefined),
    weight(rule({ to: 'siem' })),
    weight(rule({ to: 'siem', escalate: [{ after: '1h', to: 'team' }] })),
    weight(rule({ to: 'team', when: 'severity >= high' })),
    weight(rule({ to: 'team', quiet })),
  ]).toEqual([3, 3, 2, 2, 1])
})
