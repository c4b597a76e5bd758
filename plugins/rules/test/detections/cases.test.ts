import { type AnyDetection, defineDetection, defineRule, standardEvents } from '@cws/core'
import { expect, it } from 'vitest'
import { problemsOfDetection } from '../../src/detections/cases.ts'

const run = defineRule({ id: 'run', name: 'Run', severity: 'low', on: 'exec', where: { 'exec.file.name': ['a', 'b'] }, message: 'm' })
const opened = defineRule({
  id: 'opened',
  name: 'Opened',
  severity: 'low',
  on: 'open',
  where: { 'open.file.path': '/etc/shadow' },
  message: 'm',
})
const detection = defineDetection({
  id: 'run-and-opened',
  name: 'Run and opened',
  severity: 'high',
  kind: 'sequence',
  steps: [run, opened],
  within: '10s',
  message: '{{@open.file.path}}',
  tests: {
    fires: [
      [
        { on: 'exec', 'exec.file.name': 'a' },
        { on: 'open', 'open.file.path': '/etc/shadow' },
      ],
      [
        { on: 'exec', 'exec.file.name': 'b', 'process.pid': 7, 'process.ancestors.pid': [1_000, 1] },
        { on: 'open', 'open.file.path': '/etc/shadow', after: '10s' },
      ],
    ],
    silent: [
      [
        { on: 'exec', 'exec.file.name': 'a' },
        { on: 'open', 'open.file.path': '/etc/shadow', after: '11s' },
      ],
      [
        { on: 'exec', 'exec.file.name': 'a', 'process.pid': 7 },
        { on: 'open', 'open.file.path': '/etc/shadow' },
      ],
    ],
  },
})
const find = (type: string) => standardEvents.find((event) => event.type === type) as never
const problems = (change: object = {}) => problemsOfDetection({ ...detection, ...change } as AnyDetection, [run, opened], find)
const { fires, silent } = detection.tests ?? {}

it('runs the cases of a detection through its rules', async () => {
  expect(await problems()).toEqual([])
})

it.each([
  [{ tests: {} }, ['there is no test that fires', 'there is no test that is silent']],
  [
    { tests: { fires: silent, silent: fires } },
    [
      'tests.fires[0] does not fire',
      'tests.fires[1] does not fire',
      'tests.silent[0] fires on its event 1',
      'tests.silent[1] fires on its event 1',
    ],
  ],
  [{ tests: { fires: [[...(fires?.[0] ?? []), { on: 'exec' }]], silent } }, ['tests.fires[0] fires on its event 1 already']],
  [{ tests: { fires: [[{ 'exec.file.name': 'a' }]], silent } }, ['tests.fires[0][0]: `on` must be one of exec, open']],
  [{ tests: { fires: [[{ on: 'exec', after: 'soon' }]], silent } }, ['tests.fires[0][0]: `after` must be a time such as 10s']],
  [{ tests: { fires: [[{ on: 'exec', 'open.flags': 1 }]], silent } }, ['tests.fires[0][0]: exec has no field open.flags']],
  [{ steps: ['run', 'nobody'] }, ['detection "run-and-opened": there is no rule "nobody"']],
])('says what is wrong: %#', async (change, expected) => {
  expect(await problems(change)).toEqual(expected)
})
