import { defineDetection, defineRule } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { rules } from '../../src/index.ts'

const backup = defineRule({
  id: 'key-read',
  name: 'Key',
  severity: 'medium',
  on: 'exec',
  where: { 'exec.file.name': 'backup' },
  message: 'm',
})
const twice = defineDetection({
  id: 'twice',
  name: 'Twice',
  severity: 'low',
  kind: 'threshold',
  of: [backup],
  by: [],
  within: '1h',
  count: 2,
  message: '{{count}}',
  suppress: [{ id: 'twice-is-fine', when: 'count < 4', until: 'never', reason: 'Known' }],
})
const END = Date.parse('2027-03-01')
const exec = (pipeline: TestPipeline, at: number, uid: number | null = 0) =>
  pipeline.emit(
    'exec',
    { 'exec.file.name': 'backup', ...(uid === null ? {} : { 'process.uid': uid }) },
    { timestamp: BigInt(at) * 1_000_000n },
  )
const suppression = { id: 'backup-by-root', rules: ['key-read'], when: 'process.uid == 0', until: '2027-03-01', reason: 'OPS-212' }
const fired = (pipeline: TestPipeline) => pipeline.findings.map(({ rule }) => rule)

it('hides what is known to be meant, until its end, and counts it', async () => {
  await using pipeline = await TestPipeline.of([rules({ packs: [[backup]], suppressions: [suppression] })])
  exec(pipeline, END - 2)
  exec(pipeline, END - 1, 5)
  exec(pipeline, END - 1, null)
  expect(fired(pipeline)).toEqual(['key-read', 'key-read'])
  expect(pipeline.runtime.engine.counters.suppressed).toBe(1)
  exec(pipeline, END)
  exec(pipeline, END + 1)
  expect(fired(pipeline)).toHaveLength(4)
  const ended = pipeline.logs.filter(({ message }) => message.includes('"backup-by-root" has ended'))
  expect(ended).toMatchObject([{ level: 'warn', message: expect.stringContaining('2027-03-01T00:00:00.000Z') }])
})

it('takes nothing from detections, which have their own', async () => {
  await using pipeline = await TestPipeline.of([rules({ packs: [[backup, twice]], suppressions: [suppression] })])
  for (let i = 0; i < 5; i++) exec(pipeline, END - 100 + i)
  expect(fired(pipeline)).toEqual(['twice', 'twice'])
  expect(pipeline.runtime.engine.counters.suppressed).toBe(5 + 2)
  await pipeline.stop()
  expect(pipeline.runtime.pluginReports()[0]?.detail).toBe(
    '1 rules run; 1 detections (4 fired), 2 suppressions (suppressed: 2 by twice-is-fine, 5 by backup-by-root)',
  )
})

it.each([
  [{ until: undefined }, '`until`: expected a time, a day, or `never`'],
  [{ until: 'tomorrow' }, '`until` must be a time (2027-01-31, 2027-01-31T12:00:00Z) or `never`, not "tomorrow"'],
  [{ until: '2027-02-30' }, '`until` must be a time'],
  [{ reason: ' ' }, '`reason`: expected a text'],
  [{ rules: undefined }, '`rules` must say which rules and detections it is for'],
  [{ rules: [] }, '`rules`'],
  [{ when: 'process.uidd == 0' }, 'did you mean "process.uid"?'],
  [{ whem: 'process.uid == 0' }, 'whem'],
])('refuses %j, and the rule runs', async (change, message) => {
  await using pipeline = await TestPipeline.of([rules({ packs: [[backup]], suppressions: [{ ...suppression, ...change } as never] })])
  expect(pipeline.logs.filter(({ level }) => level === 'error')).toMatchObject([{ message: expect.stringContaining(message) }])
  exec(pipeline, END - 1)
  expect(fired(pipeline)).toEqual(['key-read'])
  expect(pipeline.runtime.pluginReports()[0]).toMatchObject({ state: 'degraded' })
})

it('tells at the load what has ended, and what names no rule', async () => {
  const old = { ...suppression, id: 'old', until: '2020-01-01T00:00:00+01:00' }
  await using pipeline = await TestPipeline.of([rules({ packs: [[backup]], suppressions: [old, { ...suppression, rules: ['key-reed'] }] })])
  const warnings = pipeline.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)
  expect(warnings).toEqual([
    'suppression "old" has ended (2019-12-31T23:00:00.000Z): it suppresses nothing any more',
    'suppression "backup-by-root" names "key-reed", which is no rule here; did you mean "key-read"?',
  ])
})
