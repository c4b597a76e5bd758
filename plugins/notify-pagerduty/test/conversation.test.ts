import type { Signal } from '@cws/core'
import { TestNotifier } from '@cws/core/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { SignalStore } from '../../../core/src/delivery/store/store.ts'
import { Conversing } from '../../../core/test/fixtures/conversing.ts'
import { owedIn, signalOf } from '../../../core/test/fixtures/delivery.ts'
import pagerduty from '../src/index.ts'
import { type Answer, PagerDuty } from './pagerduty.ts'

/*
 * The agent's own delivery, with its store and its clock, tells PagerDuty: what a whole conversation comes to there.
 */

const HOUR = 3600_000

let receiver: PagerDuty
let notifier: TestNotifier
let delivery: Conversing
let store: SignalStore
let telling: Conversing['telling']

beforeEach(async () => {
  receiver = await PagerDuty.start()
  notifier = await TestNotifier.of(pagerduty({ routingKey: 'e93facc04764012d7bfb002500d5d1a6', endpoint: receiver.url }))
  delivery = new Conversing('pagerduty', notifier)
  ;({ store, telling } = delivery)
})

afterEach(async () => {
  await notifier.stop()
  delivery[Symbol.dispose]()
  await receiver[Symbol.asyncDispose]()
})

const offer = (signal: Signal): void => delivery.offer(signal)
const judge = (signal: Signal, status: Signal['status']): void => delivery.judge(signal, status)

/** Waits until the agent owes nothing that is due, and PagerDuty has so many events. */
async function untilEvents(count: number): Promise<void> {
  for (let turns = 0; receiver.bodies.length < count || telling.queue('pagerduty')?.counters.pending !== 0; turns++) {
    if (turns > 20_000) throw new Error(`waited for ${count} events, have ${receiver.bodies.length}, owe ${owedIn(store, 'pagerduty')}`)
    await vi.advanceTimersByTimeAsync(0)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

it('a signal that opens, grows, is acknowledged, archived and is back is one alert, and then another one [case 35] [case 60]', async () => {
  const signal = signalOf()
  offer(signal)
  await untilEvents(1)
  for (let revision = 2; revision < 7; revision++) {
    offer({ ...signal, revision, count: 2 ** revision })
    await vi.advanceTimersByTimeAsync(2 * HOUR)
    await untilEvents(revision)
  }
  judge(signal, 'acknowledged')
  await untilEvents(7)
  judge(signal, 'archived')
  await untilEvents(8)
  offer({ ...signal, revision: 7, severity: 'critical' })
  await untilEvents(9)
  expect(receiver.alerts).toMatchObject([
    { status: 'resolved', pages: 1, log: [...Array(6).fill('trigger'), 'acknowledge', 'resolve'], key: expect.stringMatching(/-1$/) },
    { status: 'triggered', pages: 1, log: ['trigger'], key: expect.stringMatching(/-2$/) },
  ])
  expect(receiver.dropped).toBe(0)
})

it('a signal that becomes more severe while somebody has it pages anew [case 37]', async () => {
  const signal = signalOf({ severity: 'medium' })
  offer(signal)
  await untilEvents(1)
  judge(signal, 'acknowledged')
  await untilEvents(2)
  offer({ ...signal, revision: 2, severity: 'critical' })
  await untilEvents(4)
  judge(signal, 'archived')
  await untilEvents(5)
  expect(receiver.alerts.map(({ log, first }) => [first.payload.severity, ...log])).toEqual([
    ['warning', 'trigger', 'acknowledge', 'resolve'],
    ['critical', 'trigger', 'resolve'],
  ])
})

it('what may have arrived is told again before it is ended', async () => {
  const signal = signalOf()
  receiver.instead.push((_, request) => void request.socket.destroy())
  offer(signal)
  while (receiver.bodies.length < 1) await new Promise((resolve) => setImmediate(resolve))
  judge(signal, 'archived')
  for (let turns = 0; receiver.alerts[0]?.status !== 'resolved' && turns < 1_000; turns++) {
    await vi.advanceTimersByTimeAsync(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(receiver.alerts).toMatchObject([{ log: ['trigger', 'resolve'] }])
  expect(receiver.bodies[1]).toBe(receiver.bodies[0])
})

it.each([
  ['was put off', (response) => void response.writeHead(503).end()],
  ['came too fast', (response) => void response.writeHead(429, { 'retry-after': '90' }).end()],
  ['was refused', (response) => void response.writeHead(400, { 'content-type': 'application/json' }).end('{"errors":["no"]}')],
  ['came with a key that is refused', (response) => void response.writeHead(403).end()],
  ['got no answer', (_, request) => void request.socket.destroy()],
] as const satisfies readonly (readonly [string, Answer])[])(
  'a rise of which the second half %s leaves no alert open [case 26]',
  async (_, answer) => {
    const signal = signalOf({ severity: 'medium' })
    offer(signal)
    await untilEvents(1)
    receiver.instead.push('usual', answer)
    offer({ ...signal, revision: 2, severity: 'critical' })
    while (receiver.bodies.length < 3) await new Promise((resolve) => setImmediate(resolve))
    judge(signal, 'acknowledged')
    judge(signal, 'archived')
    for (let turns = 0; owedIn(store, 'pagerduty').length > 0; turns++) {
      if (turns > 5_000) throw new Error('it is still owed')
      await vi.advanceTimersByTimeAsync(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const refused = answer.toString().includes('errors')
    expect(receiver.alerts.map(({ status, first }) => [first.payload.severity, status])).toEqual([
      // What PagerDuty does not let us resolve is for people.
      ['warning', refused ? 'triggered' : 'resolved'],
      ['critical', 'resolved'],
    ])
    expect(receiver.dropped).toBe(0)
    if (!refused) expect(receiver.bodies[3]).toBe(receiver.bodies[2])
    expect(store.dead(9).map(({ reason }) => reason)).toEqual(
      refused ? [`trigger taken, resolve of ${receiver.alerts[0]?.key} refused (do it in PagerDuty): HTTP 400: no`] : [],
    )
  },
)

it('nobody is paged for what was judged before PagerDuty could be reached', async () => {
  const signal = signalOf()
  receiver.instead.push((response) => void response.writeHead(503).end())
  offer(signal)
  while (receiver.bodies.length < 1) await new Promise((resolve) => setImmediate(resolve))
  judge(signal, 'acknowledged')
  judge(signal, 'archived')
  await vi.advanceTimersByTimeAsync(2 * HOUR)
  await untilEvents(1)
  expect(receiver.alerts).toEqual([])
})

it('what PagerDuty refuses is said in fewer words, and arrives', async () => {
  receiver.instead.push(
    (response) => void response.writeHead(413).end(),
    (response) => void response.writeHead(413).end(),
  )
  offer(signalOf())
  await untilEvents(3)
  expect(receiver.bodies[2]?.length).toBeLessThan(receiver.bodies[0]?.length as number)
  expect(receiver.alerts).toHaveLength(1)
})
