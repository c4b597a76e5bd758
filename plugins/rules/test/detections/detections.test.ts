import { defineDetection, defineRule, UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { rules } from '../../src/index.ts'

const id = defineRule({
  id: 'id-run',
  name: 'id',
  severity: 'info',
  on: 'exec',
  where: { 'exec.file.name': ['id', 'whoami', 'uname'] },
  message: '`{{@exec.file.name}}`',
})
const burst = defineDetection({
  id: 'discovery-burst',
  name: 'Many discovery commands',
  severity: 'low',
  kind: 'threshold',
  of: [id],
  by: ['tree'],
  within: '60s',
  count: 3,
  distinct: 'exec.file.name',
  cases: [{ when: { count: { gte: 5 } }, severity: 'high', name: 'Very many discovery commands' }],
  message: '{{distinct}} different of {{count}} within {{within}}, last `{{@exec.file.name}}`',
})

const START = 1_800_000_000_000
const exec = (pipeline: TestPipeline, name: string, seconds: number, more: Record<string, unknown> = {}) =>
  pipeline.emit(
    'exec',
    { 'exec.file.name': name, 'process.pid': 100, 'process.ancestors.pid': [50, 1], 'container.id': '', ...more },
    { timestamp: BigInt(START + seconds * 1000) * 1_000_000n },
  )
const told = (pipeline: TestPipeline) =>
  pipeline.findings.filter(({ rule }) => rule !== 'id-run').map(({ rule, severity }) => `${rule} ${severity}`)

it('tells that different values were found within the time, by tree, with what it was concluded from', async () => {
  await using pipeline = await TestPipeline.of([rules({ packs: [[id, burst]] })])
  exec(pipeline, 'id', 0)
  exec(pipeline, 'id', 1)
  exec(pipeline, 'whoami', 2, { 'process.pid': 101 })
  // Another tree, another window.
  exec(pipeline, 'uname', 3, { 'process.pid': 102, 'process.ancestors.pid': [60, 1] })
  expect(told(pipeline)).toEqual([])
  exec(pipeline, 'uname', 4, { 'process.pid': 103 })
  exec(pipeline, 'uname', 5)
  expect(told(pipeline)).toEqual(['discovery-burst low', 'discovery-burst high'])
  expect(pipeline.findings.filter(({ rule }) => rule === 'id-run')).toHaveLength(6)
  expect(pipeline.signals.filter(({ rule }) => rule.id === 'discovery-burst')).toMatchObject([
    {
      severity: 'low',
      message: '3 different of 4 within 60s, last `uname`',
      group: { tree: 'pid 50' },
      findings: [
        { rule: 'id-run', type: 'exec', timestamp: '2027-01-15T08:00:01.000000000Z', fields: { 'exec.file.name': 'id' } },
        { fields: { 'exec.file.name': 'whoami', 'process.pid': 101 } },
        { fields: { 'exec.file.name': 'uname', 'process.pid': 103 } },
      ],
    },
    { severity: 'high', revision: 2, message: '3 different of 5 within 60s, last `uname`' },
  ])
  expect(pipeline.faults).toEqual([])
})

it('tells a value that was never there, once what is normal is learnt', async () => {
  const fresh = defineDetection({
    id: 'fresh',
    name: 'New',
    severity: 'low',
    kind: 'new-value',
    of: [id],
    by: ['container'],
    value: 'exec.file.name',
    learn: '1m',
    findings: 'absorb',
    message: '{{@exec.file.name}}',
  })
  await using pipeline = await TestPipeline.of([rules({ packs: [[id, fresh]] })])
  exec(pipeline, 'id', 0)
  exec(pipeline, 'whoami', 59)
  exec(pipeline, 'id', 61)
  expect(told(pipeline)).toEqual([])
  exec(pipeline, 'uname', 62)
  exec(pipeline, 'uname', 63)
  // What is learnt is learnt of a container: of a new one nothing is.
  exec(pipeline, 'id', 64, { 'container.id': 'c' })
  expect(pipeline.findings.map(({ rule, group, event }) => [rule, group, event.get('exec.file.name')])).toEqual([
    ['fresh', { container: '' }, 'uname'],
    ['fresh', { container: 'c' }, 'id'],
  ])
})

it('counts what it cannot count, and what comes too late', async () => {
  await using pipeline = await TestPipeline.of([rules({ packs: [[id, burst]] })])
  exec(pipeline, 'id', 0, { 'process.pid': UNKNOWN })
  exec(pipeline, 'id', 100)
  exec(pipeline, 'whoami', 39)
  exec(pipeline, 'whoami', 41)
  exec(pipeline, 'uname', 99)
  expect(told(pipeline)).toEqual(['discovery-burst low'])
  await pipeline.stop()
  expect(pipeline.runtime.pluginReports()[0]?.detail).toBe('1 rules run; 1 detections (1 fired, 1 without a key, 1 late)')
})

it('forgets what was not touched longest where somebody makes up keys, and nothing of another detection', async () => {
  const byUser = defineDetection({ ...burst, id: 'by-user', by: ['user'] } as never)
  await using pipeline = await TestPipeline.of([rules({ packs: [[id, burst, byUser]] })])
  const user = { 'process.uid': 5 }
  exec(pipeline, 'id', 0, user)
  exec(pipeline, 'whoami', 1, user)
  for (let i = 0; i < 8_000; i++) exec(pipeline, 'id', 2, { 'process.pid': 1_000 + i, 'process.ancestors.pid': [1], ...user })
  exec(pipeline, 'uname', 3, user)
  expect(told(pipeline)).toEqual(['by-user high'])
  await pipeline.stop()
  expect(pipeline.runtime.pluginReports()[0]?.detail).toMatch(/^1 rules run; 2 detections \(1 fired, [1-9]\d* forgotten\)$/)
  for (const text of pipeline.state.values()) expect(text.length).toBeLessThan(330_000)
})

it('a finding that cannot be put anywhere is not absorbed', async () => {
  const absorbing = { ...burst, findings: 'absorb', by: ['user'] } as const
  await using pipeline = await TestPipeline.of([rules({ packs: [[id, absorbing]] })])
  exec(pipeline, 'id', 0, { 'process.uid': 1000 })
  expect(pipeline.findings).toHaveLength(0)
  exec(pipeline, 'id', 1)
  expect(pipeline.findings.map(({ rule }) => rule)).toEqual(['id-run'])
})
