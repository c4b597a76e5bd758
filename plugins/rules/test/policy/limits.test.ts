import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { rules } from '../../src/index.ts'
import { durationMs } from '../../src/policy/duration.ts'
import { fired, Sandbox } from './sandbox.ts'

const ms = 1_000_000n

async function running(rule: string): Promise<TestPipeline> {
  using sandbox = new Sandbox({ 'a.policy': `rules:\n  - {id: r, expression: exec.comm != "", ${rule}}\n` })
  return await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
}

const exec = (pipeline: TestPipeline, at: number, uid = 0) =>
  pipeline.emit('exec', { 'exec.comm': 'a', 'process.uid': uid }, { timestamp: 1_000n * 1_000n * ms + BigInt(at) * ms })

it('without a limit of its own a rule reports 40 at once, and then one in 100 ms', async () => {
  await using pipeline = await running('')
  for (let i = 0; i < 100; i++) exec(pipeline, 0)
  expect(fired(pipeline)).toHaveLength(40)
  for (let at = 0; at <= 1000; at += 10) exec(pipeline, at)
  expect(fired(pipeline)).toHaveLength(50)
})

it('what is held back is counted, told in the log and in the status', async () => {
  await using pipeline = await running('')
  for (let i = 0; i < 100; i++) exec(pipeline, 0)
  expect(pipeline.runtime.engine.counters).toMatchObject({ findings: 100, suppressed: 60 })
  const told = () => pipeline.logs.map(({ message }) => message).filter((text) => text.includes('limit'))
  expect(told()).toEqual(['rule "r" is true more often than its limit lets through: 1 findings held back so far'])
  expect(pipeline.runtime.pluginReports()[0]?.detail).toBe('1 rules run; held back by limits: 1 of r')
  exec(pipeline, 61_000)
  for (let i = 0; i < 100; i++) exec(pipeline, 61_000)
  expect(told()).toHaveLength(2)
  await pipeline.runtime.stop()
  expect(told().at(-1)).toBe('rule "r" is true more often than its limit lets through: 121 findings held back so far')
})

it('`every` lets one through in its time', async () => {
  await using pipeline = await running('every: 1m30s')
  for (let at = 0; at < 200_000; at += 1000) exec(pipeline, at)
  expect(fired(pipeline)).toHaveLength(3)
})

it('`limiter_token` gives each combination of values a limit of its own, of so many at most', async () => {
  await using pipeline = await running('every: 1h, limiter_token: [process.uid]')
  for (let round = 0; round < 3; round++) for (let uid = 0; uid < 100; uid++) exec(pipeline, round, uid)
  expect(fired(pipeline)).toHaveLength(100)
  for (let uid = 0; uid < 600; uid++) exec(pipeline, 10, uid)
  expect(fired(pipeline)).toHaveLength(600)
  exec(pipeline, 11, 599)
  expect(fired(pipeline)).toHaveLength(600)
})

it('a token that names no field is told, and the plain limit holds', async () => {
  await using pipeline = await running('every: 1h, limiter_token: [process.nope]')
  exec(pipeline, 0, 1)
  exec(pipeline, 0, 2)
  expect(fired(pipeline)).toHaveLength(1)
  expect(pipeline.logs.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^a\.policy:2:\d+: rule "r": `limiter_token` names/),
  )
})

it('durations are those of Go', () => {
  const known: Record<string, number | undefined> = {
    '1h30m': 5_400_000,
    '250ms': 250,
    '1.5h': 5_400_000,
    '.5s': 500,
    '10us': 0.01,
    '10µs': 0.01,
    '7ns': 7e-6,
    '0': 0,
    '1h 30m': undefined,
    '5': undefined,
    '5d': undefined,
    '-5s': undefined,
    s: undefined,
    '': undefined,
  }
  expect(Object.fromEntries(Object.keys(known).map((text) => [text, durationMs(text)]))).toEqual(known)
  expect(durationMs(3_600_000_000_000)).toBe(3_600_000)
  expect(durationMs(-1)).toBe(undefined)
  expect(durationMs(1.5)).toBe(undefined)
})

it('a clock that is set back silences no rule', async () => {
  await using pipeline = await running('')
  for (let i = 0; i < 100; i++) exec(pipeline, 10_000_000)
  expect(fired(pipeline)).toHaveLength(40)
  exec(pipeline, 0)
  exec(pipeline, 200)
  expect(fired(pipeline)).toHaveLength(41)
})
