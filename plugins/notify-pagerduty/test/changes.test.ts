import { TestNotifier } from '@cws/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compositionOf } from '../../../core/src/delivery/delivery.ts'
import type { DestinationSpec } from '../../../core/src/delivery/protocol.ts'
import { RuleBook } from '../../../core/src/delivery/rules/rule-book.ts'
import type { SignalStore } from '../../../core/src/delivery/store/store.ts'
import { ChangeLetters } from '../../../core/src/delivery/telling/change-letters.ts'
import { Telling } from '../../../core/src/delivery/telling/telling.ts'
import { fingerprintOf } from '../../../core/src/plugin/fingerprint.ts'
import { usualManner } from '../../../core/src/plugin/manner.ts'
import { clean, memoryLog, owedIn, storeIn, temporaryFolder, until } from '../../../core/test/fixtures/delivery.ts'
import pagerduty from '../src/index.ts'
import { PagerDuty } from './pagerduty.ts'

const SECRET = 'e93facc04764012d7bfb002500d5d1a6'
const RULES = [{ name: 'Page us', when: 'severity >= high', to: 'pagerduty' }]

let receiver: PagerDuty
let notifier: TestNotifier
let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable
const tellings: Telling[] = []

beforeEach(async () => {
  receiver = await PagerDuty.start()
  notifier = await newNotifier()
  folder = temporaryFolder()
  store = storeIn(folder.path)
})

afterEach(async () => {
  for (const telling of tellings.splice(0)) await telling.stop(0)
  await notifier.stop()
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  await receiver[Symbol.asyncDispose]()
})

const newNotifier = () => TestNotifier.of(pagerduty({ routingKey: SECRET, endpoint: receiver.url, changes: true }))

/** An agent as far as it tells of changes; another one begins with the same store. */
function agent(manner = notifier.manner): { readonly changes: ChangeLetters; readonly telling: Telling } {
  const telling = new Telling(store, { destinations: [{ name: 'pagerduty' } as DestinationSpec], routes: undefined })
  tellings.push(telling)
  const queue = telling.add('pagerduty', { log: memoryLog(), clean, deadlineMs: 15_000, manner })
  telling.restore(queue)
  queue.start(notifier.notifier)
  return { changes: new ChangeLetters(store, () => telling.queues), telling }
}

const at = (rules: Record<string, string>, options: unknown = {}) => ({
  plugins: { rules: fingerprintOf(options) },
  rules,
  notifications: {},
})

describe('what is at work', () => {
  it('is told as one change event when it is another, also after a restart, by names and without values [case 62]', async () => {
    const first = agent()
    first.changes.look(at({ 'shell-of-web-server': 'a', 'exec-from-memory-fs': 'b' }, { token: SECRET }))
    first.changes.look(at({ 'shell-of-web-server': 'a', 'exec-from-memory-fs': 'b' }, { token: SECRET }))
    expect(owedIn(store, 'pagerduty')).toEqual([])
    first.changes.look(at({ 'shell-of-web-server': 'a2', 'new-one': 'c' }, { token: 'another-secret' }))
    await until(() => receiver.changes.length === 1, 'the change event')
    const [change] = receiver.changes
    expect(change?.payload.summary).toBe('CWS was changed: 1 plugin changed, 1 rule added, 1 rule changed, 1 rule removed')
    expect(change?.payload.custom_details).toEqual({
      message: 'Plugin changed: rules. Rule added: new-one. Rule changed: shell-of-web-server. Rule removed: exec-from-memory-fs.',
    })
    expect(JSON.stringify({ ...change, routing_key: '' })).not.toMatch(/e93facc|another-secret/)
    // A restart, first with the same, then with another rule.
    await until(() => [...store.messages('pagerduty')].length === 0, 'the row to leave')
    const second = agent()
    second.changes.look(at({ 'shell-of-web-server': 'a2', 'new-one': 'c' }, { token: 'another-secret' }))
    second.changes.look(at({ 'shell-of-web-server': 'a2' }, { token: 'another-secret' }))
    await until(() => receiver.changes.length === 2, 'the second change event')
    expect(receiver.changes[1]?.payload.summary).toBe('CWS was changed: 1 rule removed')
    // It is no signal, and pages nobody.
    expect([store.signals(10), receiver.events, receiver.alerts]).toEqual([[], [], []])
  })

  it('is kept until it is taken, with its key and bytes', async () => {
    receiver.instead.push((response) => void response.writeHead(503).end())
    const { changes, telling } = agent()
    changes.look(at({ a: '1' }))
    changes.look(at({ a: '2' }))
    await until(() => receiver.bodies.length === 1, 'the first try')
    expect(owedIn(store, 'pagerduty')).toHaveLength(1)
    // Two at once would both tell it. Its notifier ends with it.
    await telling.stop(0)
    tellings.length = 0
    notifier = await newNotifier()
    agent()
    await until(() => receiver.changes.length === 1, 'another agent')
    expect(new Set(receiver.bodies).size).toBe(1)
  })

  it('is not told to who does not ask for it', async () => {
    const { changes } = agent({ ...notifier.manner, changes: false })
    changes.look(at({ a: '1' }))
    changes.look(at({ a: '2' }))
    expect(owedIn(store, 'pagerduty')).toEqual([])
    expect(JSON.parse(store.makeup() ?? '')).toEqual(at({ a: '2' }))
  })

  it('names who changed a notification rule while the agent ran', async () => {
    const composition = compositionOf({
      destinations: [{ name: 'pagerduty', manner: usualManner } as DestinationSpec],
      notifications: RULES,
    })
    const rules = new RuleBook(store, memoryLog(), composition)
    const { changes } = agent()
    changes.look(rules.makeup, rules.makeup.by)
    rules.change({ rule: 'Page us', set: { when: 'severity >= critical' } }, 'ada', () => [])
    changes.look({ notifications: rules.makeup.notifications }, rules.makeup.by)
    await until(() => receiver.changes.length === 1, 'the change event')
    expect(receiver.changes[0]?.payload).toMatchObject({
      summary: 'CWS was changed: 1 notification rule changed',
      custom_details: { message: 'Notification rule changed: Page us (by ada).' },
    })
  })
})
