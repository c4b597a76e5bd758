import { type AnyDetection, defineDetection, defineRule } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/index.ts'

const ruleFor = (name: string) =>
  defineRule({ id: `${name}-run`, name, severity: 'info', on: 'exec', where: { 'exec.file.name': name }, message: 'm' })
const curl = ruleFor('curl')
const chmod = ruleFor('chmod')
const run = ruleFor('payload')
const sequence = defineDetection({
  id: 'fetched-and-run',
  name: 'Fetched and run',
  severity: 'high',
  kind: 'sequence',
  steps: [curl, chmod, run],
  within: '5m',
  findings: 'absorb',
  message: '{{count}} steps',
})
const threshold = defineDetection({
  id: 'many',
  name: 'Many',
  severity: 'low',
  kind: 'threshold',
  of: [curl],
  by: ['user'],
  within: '5m',
  count: 3,
  findings: 'absorb',
  message: '{{count}}',
})
const newUser = defineDetection({
  id: 'new-user',
  name: 'New',
  severity: 'low',
  kind: 'new-value',
  of: [curl],
  by: [],
  value: 'process.uid',
  learn: '1h',
  findings: 'absorb',
  message: '{{@process.uid}}',
})
const all = [curl, chmod, run, sequence, threshold, newUser]
const changed = (detection: AnyDetection, change: object) => ({ ...detection, ...change }) as AnyDetection
const packs = (more: object = {}) => [rules({ packs: [all], ...more })]

const START = 1_800_000_000_000
const exec = (pipeline: TestPipeline, name: string, seconds: number, uid = 7) =>
  pipeline.emit(
    'exec',
    { 'exec.file.name': name, 'process.pid': 100 + seconds, 'process.uid': uid, 'process.ancestors.pid': [50, 1], 'container.id': '' },
    { timestamp: BigInt(START + seconds * 1000) * 1_000_000n },
  )
const fired = (pipeline: TestPipeline) => pipeline.findings.map(({ rule }) => rule)

/** What happens, in two parts: something happens to the agent between them. */
const before = (pipeline: TestPipeline) => {
  exec(pipeline, 'curl', 0)
  exec(pipeline, 'curl', 1)
  exec(pipeline, 'chmod', 2)
}
const after = (pipeline: TestPipeline) => {
  exec(pipeline, 'payload', 3)
  exec(pipeline, 'curl', 4)
  // An hour later: one that was learnt, one that was not.
  exec(pipeline, 'curl', 3_700)
  exec(pipeline, 'curl', 3_701, 8)
}
const expected = ['fetched-and-run', 'many', 'new-user']

describe('what detections remember', () => {
  it('is used without a break', async () => {
    await using pipeline = await TestPipeline.of(packs())
    before(pipeline)
    expect(fired(pipeline)).toEqual([])
    after(pipeline)
    expect(fired(pipeline)).toEqual(expected)
    expect(pipeline.faults).toEqual([])
  })

  it('outlives a reload, though options, cases and times change', async () => {
    await using pipeline = await TestPipeline.of(packs())
    before(pipeline)
    await pipeline.reload([
      rules({
        packs: [[curl, chmod, run, changed(sequence, { severity: 'low', within: '4m' }), threshold, newUser]],
        tune: { many: { severity: 'high' } },
      }),
    ])
    after(pipeline)
    expect(fired(pipeline)).toEqual(expected)
    expect(pipeline.findings.map(({ severity }) => severity)).toEqual(['low', 'high', 'low'])
  })

  it('is that of the detection: one with other steps begins anew', async () => {
    await using pipeline = await TestPipeline.of(packs())
    before(pipeline)
    await pipeline.reload([rules({ packs: [[curl, chmod, run, changed(sequence, { steps: ['curl-run', 'payload-run'] }), threshold]] })])
    after(pipeline)
    expect(fired(pipeline)).toEqual(['many'])
  })

  it('outlives a restart', async () => {
    const first = await TestPipeline.of(packs())
    before(first)
    await first.stop()
    await using second = await TestPipeline.of(packs(), { state: first.state })
    after(second)
    expect(fired(second)).toEqual(expected)
    expect(second.findings[0]?.evidence).toMatchObject([
      { rule: 'curl-run', fields: { 'process.pid': 101 } },
      { rule: 'chmod-run', fields: { 'process.pid': 102 } },
      { rule: 'payload-run', fields: { 'process.pid': 103 } },
    ])
  })

  it('forgets trees of another boot, not users', async () => {
    const first = await TestPipeline.of(packs())
    before(first)
    await first.stop()
    const state = new Map([...first.state].map(([key, value]) => [key, value.replace(/"boot":"[^"]*"/, '"boot":"another"')]))
    expect([...state.keys()].sort()).toEqual(['rules/detection/fetched-and-run', 'rules/detection/many', 'rules/detection/new-user'])
    await using second = await TestPipeline.of(packs(), { state })
    after(second)
    expect(fired(second)).toEqual(['many', 'new-user'])
  })

  it('is empty where what was written down is no memory', async () => {
    const state = new Map([
      ['rules/detection/many', '{"fingerprint":"x"}'],
      ['rules/detection/fetched-and-run', '5'],
      ['rules/detection/new-user', 'null'],
    ])
    await using pipeline = await TestPipeline.of(packs(), { state })
    before(pipeline)
    after(pipeline)
    expect(fired(pipeline)).toEqual(expected)
  })
})
