import { Connections, defineNotifier, type Letter, messageOf, type Notification, type NotifierContext, type Outcome } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { type Receipt, receiptFrom } from './alert-key.ts'
import { changeEventOf } from './change-event.ts'
import { type AlertEvent, eventsOf } from './event.ts'
import { HalfTaken } from './half-taken.ts'
import { changeEndpointOf, endpointOf, options, type PagerDutyOptions } from './options.ts'
import { post } from './post.ts'
import { fingerprintOf, routingKeyOf } from './routing-key.ts'

/** Opens, acknowledges and resolves alerts of PagerDuty by its Events API v2: one alert a signal. */
export default defineNotifier(import.meta, {
  name: 'pagerduty',
  options,
  // An alert's log gains nothing from a new count every ten seconds, and a key may send 120 events a minute.
  interrupts: true,
  rate: ({ rate }) => rate,
  changes: ({ changes }) => changes,
  setup(ctx) {
    const key = (): string => routingKeyOf(ctx.name, ctx.secret, ctx.options.routingKey)
    // A key that cannot be had, or is none, is told now, not with the first signal.
    key()
    const connections = new Connections<Dispatcher>({ Agent, ProxyAgent }, ctx)
    const halfTaken = new HalfTaken()
    return {
      render: (letter, tier) => (letter.reason === 'changed' ? changeEventOf(letter) : linesOf(eventsOf(letter, ctx.options, tier))),
      async deliver(notification, signal) {
        let routingKey: string
        let dispatcher: Dispatcher
        try {
          routingKey = key()
          dispatcher = connections.current()
        } catch (error) {
          return { result: 'broken', detail: messageOf(error) }
        }
        if (notification.reason === 'changed')
          return await post(changeEndpointOf(ctx.options), ctx.options, dispatcher, routingKey, notification.body, signal)
        const [first, second] = bodyOf(notification, ctx.options).split('\n') as [string, string?]
        const route = fingerprintOf(routingKey)
        const send = (line: string): Promise<Outcome> => post(endpointOf(ctx.options), ctx.options, dispatcher, routingKey, line, signal)
        if (second !== undefined) return await deliverBoth(ctx, halfTaken, notification, { first, second, route, send })
        const outcome = await send(first)
        if (outcome.result !== 'delivered') return outcome
        const event = eventIn(first)
        warnOfOtherRoute(ctx, notification, event, route)
        return { ...outcome, receipt: receiptOf(event, route) }
      },
      close: () => connections.close(),
    }
  },
})

interface Both {
  readonly first: string
  readonly second: string
  readonly route: string
  readonly send: (line: string) => Promise<Outcome>
}

/** Of a rise and of a test: a trigger, and a resolve, of an alert before it or of the same. */
async function deliverBoth(ctx: NotifierContext, halfTaken: HalfTaken, notification: Notification, both: Both): Promise<Outcome> {
  const { key, reason } = notification
  const trigger = eventIn(both.first)
  const resolve = eventIn(both.second)
  const earlier = halfTaken.routeOf(key)
  if (earlier === undefined) {
    const outcome = await both.send(both.first)
    if (outcome.result !== 'delivered') return outcome
    // A test is not tried again.
    if (reason !== 'test') halfTaken.taken(key, both.route)
  }
  const route = earlier ?? both.route
  const receipt = receiptOf(trigger, route)
  const end = await both.send(both.second)
  if (end.result !== 'delivered' && end.result !== 'reject') {
    const toDo = reason === 'test' ? ` of ${resolve.dedup_key} failed (do it in PagerDuty)` : ' not yet'
    // Nothing newer may take its place before both are taken: it would not know of the alert that is open now.
    return { ...end, result: 'ambiguous', detail: `trigger taken, resolve${toDo}: ${end.detail}` }
  }
  halfTaken.done(key)
  warnOfOtherRoute(ctx, notification, resolve, both.route)
  if (route !== both.route) {
    const alert = trigger.dedup_key
    ctx.log.warn({ key, alert }, `the routing key was replaced just after an alert was opened with it: end it in PagerDuty (${alert})`)
  }
  if (end.result === 'delivered') return { ...end, receipt }
  // The new alert is there, and is to be known: what comes later is about it.
  const refused = `trigger taken, resolve of ${resolve.dedup_key} refused (do it in PagerDuty): ${end.detail}`
  return { result: 'delivered', detail: refused, receipt, refused }
}

const eventIn = (line: string): AlertEvent => JSON.parse(line) as AlertEvent

const receiptOf = ({ dedup_key: alert }: AlertEvent, route: string): string => JSON.stringify({ alert, route } satisfies Receipt)

/** A line an event. */
function linesOf(events: readonly AlertEvent[]): string {
  return events.map((event) => JSON.stringify(event)).join('\n')
}

/** What `render` made, or an event of the signal alone where it made nothing. */
function bodyOf({ body, key, reason, signal, receipt }: Notification, options: PagerDutyOptions): string {
  if (body.startsWith('{"event_action":')) return body
  const message = [{ type: 'paragraph', children: [{ type: 'text', text: signal.message, value: true }] }] as const
  const generation = Number(/-(\d+)$/.exec(receiptFrom(receipt)?.alert ?? '')?.[1] ?? 1)
  const letter: Letter = { key, reason, rule: undefined, signal, title: signal.title, message, generation, receipt, time: signal.last_seen }
  return linesOf(eventsOf(letter, options))
}

/** PagerDuty takes, and drops without a word, what is sent about an alert by another key than it was opened with. */
function warnOfOtherRoute(ctx: NotifierContext, { receipt, key }: Notification, event: AlertEvent, route: string): void {
  const { event_action: action, dedup_key: alert } = event
  const last = receiptFrom(receipt)
  if (last === undefined || last.route === route || action === 'trigger' || alert !== last.alert) return
  ctx.log.warn({ key, alert }, `cannot ${action} an alert that was opened with another routing key: do it in PagerDuty (${alert})`)
}
