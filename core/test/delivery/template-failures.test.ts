import { expect, it } from 'vitest'
import { destinationRow } from '../../src/cli/notify/texts.ts'
import type { NotificationRule } from '../../src/config/define-config.ts'
import { viewOf } from '../../src/delivery/control/destination-view.ts'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Letter } from '../../src/messages/letter.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import type { Outcome } from '../../src/plugin/notifier.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, storeIn, temporaryFolder, until } from '../fixtures/delivery.ts'

/** More turns than a template may take, of a signal with enough tags. */
const GREEDY = 'Tags: {{#each tags}}{{#each tags}}{{#each tags}}{{#each tags}}x{{/each}}{{/each}}{{/each}}{{/each}}'
const rules: readonly NotificationRule[] = [{ name: 'on-call', to: 'siem', message: GREEDY }]

it('a message whose template fails goes out in the usual words, and is logged, counted and listed [case 39]', async () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const log = memoryLog()
  const routes = routesOf(rules, ['siem'])
  const telling = new Telling(store, { destinations: [{ name: 'siem' } as DestinationSpec], routes })
  await telling.templates.load({ routes, fields: new Map() }, log)
  const queue = telling.add('siem', { log, clean, deadlineMs: 15_000 })
  const bodies: string[] = []
  const fails = { tier0: false }
  const refusals: Outcome[] = []
  queue.start({
    render: ({ message }: Letter, tier: number) => {
      if (fails.tier0 && tier === 0) throw new Error('too much')
      return renderPlain(message)
    },
    deliver: async ({ body }) => {
      bodies.push(body)
      return refusals.shift() ?? { result: 'delivered' }
    },
  })
  const tell = async (tags: readonly string[], count = bodies.length + 1): Promise<void> => {
    const signal = signalOf({ tags: [...tags] })
    const { write, told } = telling.prepare(headOf(signal), bodyOf(signal))
    store.write(write)
    told()
    await until(() => queue.counters.delivered === count, 'the message')
  }
  await tell(['a'])
  expect(bodies).toEqual(['Tags: x'])
  expect(queue.counters).toMatchObject({ templateFailures: 0, templateError: undefined })

  const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  await tell(many)
  const why = expect.stringMatching(/^the message of "on-call": .*1,?000/)
  expect(bodies[1]).toMatch(/^The template of this message failed; this is the usual one\.\n\n\/usr\/bin\/bash/)
  expect(log.lines).toEqual([expect.stringMatching(/^error: a message could not be made \(its template\): the message of "on-call": /)])
  expect(queue.counters).toMatchObject({ state: 'ok', delivered: 2, failed: 0, templateFailures: 1, templateError: why })

  // A message is one, in however many forms it was made; what comes after it in its own words changes nothing of that.
  fails.tier0 = true
  await tell(many)
  fails.tier0 = false
  await tell(['a'])
  expect(queue.counters).toMatchObject({ delivered: 4, templateFailures: 2, templateError: why })

  // Nor does a plainer form of what was refused, or a message that nobody is owed.
  refusals.push({ result: 'reject', detail: 'too large' }, { result: 'reject', detail: 'too large' })
  const refused = bodies.length
  await tell(many, 5)
  expect(bodies.length - refused).toBe(3)
  expect(queue.counters.templateFailures).toBe(3)
  await queue.test(signalOf({ tags: [...many] }), 'on-call')
  expect(bodies.at(-1)).toMatch(/^The template of this message failed/)
  expect(queue.counters.templateFailures).toBe(3)
  const row = destinationRow(viewOf('siem', queue.counters))
  expect(row[1]).toEqual({ style: 'yellow', text: 'ok, 3 without their template' })
  expect(row[3]).toMatch(/^last template that failed: the message of "on-call": /)
  await telling.stop(1_000)
})
