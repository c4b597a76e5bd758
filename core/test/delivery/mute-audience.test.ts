import { expect, it } from 'vitest'
import { parseCondition } from '../../src/condition/parse.ts'
import { whoMisses } from '../../src/delivery/rules/mute-audience.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { signalScope } from '../../src/signals/scope.ts'

const names = ['team', 'pager', 'boss', 'siem']
const routes = routesOf(
  [
    { name: 'Page', when: 'severity == critical', to: 'pager', escalate: [{ after: '1h', to: 'boss' }] },
    { name: 'Team', when: 'severity >= medium && rule.id != "ours"', to: 'team' },
    { name: 'Low', when: 'severity < medium', to: 'siem' },
  ],
  names,
)

it.each([
  ['severity <= medium', false, []],
  ['severity <= medium', true, []],
  ['severity >= low', false, ['team']],
  ['severity == high', true, ['team']],
  ['severity == critical', true, ['boss', 'pager', 'team']],
  ['severity == critical', false, []],
  ['rule.id == "noisy"', false, ['team']],
  ['rule.id == "ours"', false, []],
  ['rule.id == "ours"', true, ['boss', 'pager']],
  ['rule.id in ["ours", "noisy"]', false, ['team']],
  ['rule.id == "noisy" && severity < high', true, []],
  ['!(severity < high)', false, ['team']],
  ['process.file.path == "/x"', false, ['team']],
  ['process.file.path == "/x" || severity == low', false, ['team']],
] as const)('who misses something severe if %s is muted, critical too: %s', (mute, isCriticalToo, missing) => {
  expect([...whoMisses(parseCondition(mute, signalScope()), isCriticalToo, routes, names)].sort()).toEqual(missing)
})

it('without rules everybody does, as far as it is severe', () => {
  const missing = (mute: string) => [...whoMisses(parseCondition(mute, signalScope()), false, undefined, names)]
  expect(missing('rule.id == "noisy"')).toEqual(names)
  expect(missing('severity == low')).toEqual([])
})
