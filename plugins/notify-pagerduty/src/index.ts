import { Connections, defineNotifier, type Letter, messageOf, type Notification, type NotifierContext, type Outcome } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { receiptFrom } from './alert-key.ts'
import { changeEventOf } from './change-event.ts'
import { type AlertEvent, eventsOf } from './event.ts'
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
        const lines = bodyOf(notification, ctx.options).split('\n')
        const events = lines.map((line) => JSON.parse(line) as AlertEvent)
        const route = fingerprintOf(routingKey)
        warnOfOtherRoute(ctx, notification, events, route)
        const send = (line: string): Promise<Outcome> => post(endpointOf(ctx.options), ctx.options, dispatcher, routingKey, line, signal)
        const outcome = await send(lines[0] as string)
        if (outcome.result !== 'delivered') return outcome
        const receipt = JSON.stringify({ alert: events[0]?.dedup_key, route })
        // Of a rise and of a test, the second of two: it resolves an alert.
        const end = lines[1] === undefined ? outcome : await send(lines[1])
        if (end.result === 'delivered') return { ...end, receipt }
        if (end.result === 'reject') {
          // The new alert is there, and is to be known: what comes later is about it.
          const refused = `trigger taken, resolve of ${events[1]?.dedup_key} refused (do it in PagerDuty): ${end.detail}`
          return { result: 'delivered', detail: refused, receipt, refused }
        }
        // Nothing newer may take its place before both are taken: it would not know of the alert that is open now. PagerDuty knows both by their keys.
        return { ...end, result: 'ambiguous', detail: `trigger taken, resolve not yet: ${end.detail}` }
      },
      close: () => connections.close(),
    }
  },
})

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

/** PagerDuty drops, and says nothing, what is sent about an alert by another key than it was opened with. */
function warnOfOtherRoute(ctx: NotifierContext, { receipt, key }: Notification, events: readonly AlertEvent[], route: string): void {
  const last = receiptFrom(receipt)
  if (last === undefined || last.route === route) return
  const lost = events.filter(({ event_action, dedup_key }) => event_action !== 'trigger' && dedup_key === last.alert)
  for (const { event_action } of lost)
    ctx.log.warn({ key, alert: last.alert }, `cannot ${event_action} an alert that was opened with another routing key: do it in PagerDuty`)
}
