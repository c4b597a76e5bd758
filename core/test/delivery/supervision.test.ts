import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCounters, noCounters } from '../../src/delivery/supervisor/add-counters.ts'
import { KeptSignals } from '../../src/delivery/supervisor/kept-signals.ts'
import { KeptState } from '../../src/delivery/supervisor/kept-state.ts'
import { Mortality } from '../../src/delivery/supervisor/mortality.ts'
import { Unshown } from '../../src/delivery/supervisor/unshown.ts'
import { severities } from '../../src/signals/severity.ts'
import { lineOf, signalOf } from '../fixtures/delivery.ts'

describe('signals that are not durable', () => {
  it('are bounded, none is lost uncounted, and those that stay are the most severe, of these the newest', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ severity: fc.constantFrom(...severities) }) },
      { weight: 1, arbitrary: fc.record({ durable: fc.nat(50) }) },
      { weight: 1, arbitrary: fc.constant({ death: true as const }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kept = new KeptSignals({ count: 5, text: Number.MAX_SAFE_INTEGER })
        let durable = 0
        let lost = 0
        const model: { number: number; severity: number }[] = []
        let left: number[] = []
        for (const it of steps) {
          if ('severity' in it) {
            const severity = severities.indexOf(it.severity)
            const { number } = kept.add(lineOf(signalOf({ severity: it.severity })))
            model.push({ number, severity })
            if (model.length > 5) {
              const least = Math.min(...model.map((other) => other.severity))
              const [victim] = model.splice(
                model.findIndex((other) => other.severity === least),
                1,
              )
              left.push(victim?.number as number)
            }
          } else if ('durable' in it) {
            durable = Math.max(durable, Math.min(it.durable, kept.total))
            kept.durable(durable)
            model.splice(0, model.length, ...model.filter(({ number }) => number > durable))
            left = left.filter((number) => number > durable)
          } else {
            kept.settle()
            lost += left.length
            left = []
          }
          expect(kept.all().map(({ number }) => number)).toEqual(model.map(({ number }) => number))
          expect(kept.size).toBe(model.length)
          expect(kept.dropped).toBe(lost)
        }
      }),
    )
  })

  it('are bounded by their text, and the last one always stays', () => {
    const kept = new KeptSignals({ count: 100, text: 3_000 })
    for (let i = 0; i < 5; i++) kept.add(lineOf(signalOf({ message: 'x'.repeat(2_000) })))
    expect(kept.all().map(({ number }) => number)).toEqual([5])
    kept.settle()
    expect(kept.dropped).toBe(4)
  })
})

it('keeps the newest value of each key until it is durable', () => {
  const state = new KeptState()
  state.add('fim', 'a', '1')
  state.add('fim', 'b', '1')
  state.add('fim', 'a', null)
  expect(state.all().map(({ key, value, number }) => [key, value, number])).toEqual([
    ['b', '1', 2],
    ['a', null, 3],
  ])
  state.durable(2)
  expect(state.all()).toHaveLength(1)
  state.durable(3)
  expect(state.all()).toHaveLength(0)
})

it('knows which signals are not on stdout yet, and those whose later words may be held back', () => {
  let time = 0
  const unshown = new Unshown(() => time)
  unshown.add('a', 1, 1)
  unshown.add('b', 1, 2)
  unshown.add('c', 7, 3)
  unshown.add('a', 2, 4)
  unshown.add('d', 1, 5)
  unshown.shown(4)
  expect(unshown.all()).toEqual([
    ['c', 3],
    ['a', 4],
    ['d', 5],
  ])
  time = 10_001
  unshown.shown(3)
  expect(unshown.all()).toEqual([
    ['a', 4],
    ['d', 5],
  ])
  unshown.shown(5)
  expect(unshown.all()).toEqual([])
})

describe('deaths', () => {
  const limits = { restarts: 3, windowMs: 1_000, backoffMs: 10 }
  const cause = new Error('boom')

  it('are waited out with growing waits, until there are too many in the window', () => {
    let time = 0
    const mortality = new Mortality(limits, () => time)
    const waits = [1, 2, 3, 4].map(() => mortality.died(cause, undefined).waitMs)
    expect(waits).toEqual([10, 20, 40, undefined])
    expect(mortality).toMatchObject({ restarts: 3, lastReason: 'boom' })
    time = 1_001
    expect(mortality.died(cause, undefined).waitMs).toBe(10)
  })

  it('in the code of one notifier leave it out at the second, and are not counted any more', () => {
    let time = 0
    const mortality = new Mortality(limits, () => time)
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(mortality.died(cause, name)).toEqual({ reason: `boom (in code of the notifier "${name}")`, waitMs: 10 })
      expect(mortality.died(cause, name)).toMatchObject({ leftOut: name, waitMs: 10 })
    }
    expect(Object.keys(mortality.leftOut)).toEqual(['a', 'b', 'c', 'd'])
    // What it made twice is made otherwise the third time.
    expect([1, 2, 3].map(() => mortality.died(cause, 'f', true).leftOut)).toEqual([undefined, undefined, 'f'])
    // Two deaths that lie far apart are two accidents.
    mortality.died(cause, 'e')
    time = 2 * 3600_000
    expect(mortality.died(cause, 'e').leftOut).toBeUndefined()
  })
})

it('adds up what threads counted, with the states of the last', () => {
  const one = {
    state: 'broken',
    delivered: 2,
    failed: 1,
    refused: 1,
    pending: 7,
    heldBack: 0,
    lastError: 'x',
    lastErrorAt: '2026-11-30T10:00:00.000Z',
    templateFailures: 2,
    templateError: 'too many turns',
  } as const
  const two = {
    state: 'ok',
    delivered: 3,
    failed: 0,
    refused: 0,
    pending: 1,
    heldBack: 0,
    lastError: undefined,
    lastErrorAt: undefined,
    templateFailures: 1,
    templateError: undefined,
  } as const
  const past = { ...noCounters, stored: 4, eventsDropped: 1, storeError: 'full', destinations: { one, gone: one } }
  expect(addCounters(past, { ...noCounters, stored: 2, outputBytes: 9, destinations: { one: two, two } }, 5)).toEqual({
    ...noCounters,
    stored: 6,
    eventsDropped: 6,
    outputBytes: 9,
    destinations: {
      one: { ...two, delivered: 5, failed: 1, refused: 1, templateFailures: 3, templateError: 'too many turns' },
      gone: one,
      two,
    },
  })
})
