import { SyncHook } from 'tapable'
import { expect, it } from 'vitest'
import { tapOwnEvents } from '../src/agent/own-events.ts'
import { blockedError, LIMIT_MS, takeBlocked, watchedAfter } from '../src/agent/quarantine.ts'
import { Runtime } from '../src/agent/runtime.ts'
import { guarded } from '../src/hooks/guard.ts'
import { enter, leave, placeNames, placeOf, runningWords } from '../src/hooks/running.ts'
import { definePlugin } from '../src/plugin/define.ts'
import { KeepStore } from '../src/plugin/keep.ts'
import type { Finding } from '../src/signals/finding.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

const nameOf = (place: number): unknown => {
  const bytes = placeNames.subarray(place * 256, (place + 1) * 256)
  return JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0))))
}

it('the memory says which place runs, and within which call', () => {
  const [outer, inner] = [placeOf('rules', 'detect:exec'), placeOf('deep', 'finding')]
  expect([placeOf('rules', 'detect:exec'), nameOf(outer), nameOf(inner)]).toEqual([
    outer,
    { plugin: 'rules', hook: 'detect:exec' },
    { plugin: 'deep', hook: 'finding' },
  ])
  const seen: unknown[] = []
  const look = () => seen.push([...runningWords.subarray(0, 3)])
  const call = runningWords[1] as number
  const before = enter(outer)
  look()
  const within = enter(inner)
  look()
  leave(within)
  look()
  leave(before)
  look()
  enter(inner)
  leave(0)
  look()
  expect(seen).toEqual([
    [outer, call + 1, outer],
    [inner, call + 1, outer],
    [outer, call + 1, outer],
    [0, call + 1, outer],
    [0, call + 2, inner],
  ])
})

it('a tap stands in the memory while it runs, and no longer, however it ends', () => {
  const hook = new SyncHook<[]>([])
  hook.intercept({ register: (tap) => guarded(tap, 'ready', () => {}) })
  const seen: number[] = []
  hook.tap('one', () => void seen.push(runningWords[0] as number))
  hook.tap('two', () => {
    seen.push(runningWords[0] as number)
    throw new Error('boom')
  })
  hook.call()
  expect([seen.map(nameOf), runningWords[0]]).toEqual([
    [
      { plugin: 'one', hook: 'ready' },
      { plugin: 'two', hook: 'ready' },
    ],
    0,
  ])
})

it('names are bounded in length and number', () => {
  expect(nameOf(placeOf('a', `detect:${'é'.repeat(200)}`))).toEqual({ plugin: 'a', hook: '' })
  const places = Array.from({ length: 2_000 }, (_, i) => placeOf('many', `detect:${i}`))
  expect(new Set(places).size).toBeLessThan(512)
  expect(Math.max(...places)).toBe(511)
  expect(nameOf(511)).toEqual({ plugin: 'agent', hook: 'a hook' })
})

it('what the process before says is taken once; nonsense says nothing', () => {
  const blocked = [{ plugin: 'stuck', hook: 'detect:exec' }]
  const env = { CWS_BLOCKED: JSON.stringify(blocked) }
  expect([takeBlocked(env), env, takeBlocked(env)]).toEqual([blocked, {}, []])
  for (const text of ['', '{', 'null', '[1, null, {}]', '{"plugin":"x"}']) expect(takeBlocked({ CWS_BLOCKED: text })).toEqual([])
  expect(watchedAfter(blocked)).toMatchObject({ limitMs: LIMIT_MS, tell: { begins: `[${JSON.stringify(blocked[0])},` } })
  expect(watchedAfter([])).toMatchObject({ tell: { begins: '[' } })
  expect(watchedAfter(Array(16).fill(blocked[0]))).toBeUndefined()
})

it('a plugin that blocked is not set up, and is a signal once it is told', async () => {
  const setUp: string[] = []
  const plugin = (name: string) => definePlugin(import.meta, { name, setup: () => void setUp.push(name) })()
  const blocked = { plugin: 'stuck', hook: 'detect:exec' }
  const findings: Finding[] = []
  const runtime = new Runtime(
    [plugin('stuck'), plugin('fine')].map((instance) => ({ instance, options: undefined })),
    {
      keep: new KeepStore(),
      logFor: () => log,
      stateOf: () => ({}),
      writeState: () => {},
      onFinding: (finding) => findings.push(finding),
      quarantined: new Map([['stuck', blockedError(blocked).message]]),
    },
  )
  tapOwnEvents(runtime.engine, log, new Set(['stuck']))
  await runtime.setup()
  expect(setUp).toEqual(['fine'])
  expect(runtime.pluginReports()).toMatchObject([
    { state: 'failed', detail: expect.stringContaining('5 s in detect:exec') },
    { state: 'ok' },
  ])
  runtime.engine.fault('stuck', 'detect:exec', blockedError(blocked))
  runtime.engine.fault('fine', 'detect:exec', new Error('boom'))
  expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['agent-plugin-quarantined', 'high']])
  expect(runtime.pluginReports()).toMatchObject([{ state: 'failed' }, { state: 'degraded' }])
  await runtime.stop()
})
