import type { Letter, Reason, Severity } from '@cws/core'
import { newAlertKey, openAlertKey } from './alert-key.ts'
import { detailsOf } from './details.ts'
import type { PagerDutyOptions } from './options.ts'
import { shortHarmless } from './text.ts'

/** PagerDuty's limit of a whole event is 512 KB; what is added when it is sent (the routing key) has room below. */
export const MAX_EVENT_BYTES = 511_900
const MAX_SUMMARY = 1024
/** No limit of these is documented. */
const MAX_NAME = 255

export type Action = 'trigger' | 'acknowledge' | 'resolve'

/** PagerDuty has four severities where CWS has five. */
const SEVERITIES: Readonly<Record<Severity, string>> = { info: 'info', low: 'info', medium: 'warning', high: 'error', critical: 'critical' }

/** An event without the routing key, which is a secret and added when it is sent. */
export interface AlertEvent {
  readonly event_action: Action
  readonly dedup_key: string
  readonly payload?: Readonly<Record<string, unknown>>
  readonly links?: readonly { readonly href: string; readonly text: string }[]
  readonly client?: string
  readonly client_url?: string
}

/**
 * What PagerDuty is told, in this order. One event, but where a signal became more severe: while somebody has acknowledged an alert, PagerDuty pages
 * nobody for it, and whether somebody has it does not tell us. So a rise is an alert of its own, which pages; then the one before is resolved.
 */
export function eventsOf(letter: Letter, options: Pick<PagerDutyOptions, 'signalUrl'>, tier = 0): readonly AlertEvent[] {
  const open = openAlertKey(letter)
  const usual = newAlertKey(letter)
  const action = actionOf(letter.reason, letter.signal.status)
  if (action !== 'trigger') return [{ event_action: action, dedup_key: open ?? usual }]
  // Nobody is to be paged by a test for longer than it takes to be seen.
  if (letter.reason === 'test') return [trigger(letter, options, tier, usual), { event_action: 'resolve', dedup_key: usual }]
  if (letter.reason !== 'raised' || open === undefined) return [trigger(letter, options, tier, open ?? usual)]
  // Opened anew after it was acknowledged it may be as severe as before.
  const fresh = open === usual ? newAlertKey(letter, letter.signal.revision) : usual
  return [trigger(letter, options, tier, fresh), { event_action: 'resolve', dedup_key: open }]
}

function actionOf(reason: Reason, status: Letter['signal']['status']): Action {
  if (reason === 'acknowledged') return 'acknowledge'
  if (reason === 'archived') return 'resolve'
  if (reason !== 'replayed' || status === 'open') return 'trigger'
  return status === 'archived' ? 'resolve' : 'acknowledge'
}

function trigger(letter: Letter, { signalUrl }: Pick<PagerDutyOptions, 'signalUrl'>, tier: number, key: string): AlertEvent {
  const { signal } = letter
  const component = programOf(signal.event)
  const group = textAt(signal.event, 'container', 'id')
  // Milliseconds: how many digits PagerDuty reads is not documented.
  const seen = Date.parse(signal.last_seen)
  const href = signalUrl === undefined ? undefined : `${signalUrl}${encodeURIComponent(signal.id)}`
  const event = {
    event_action: 'trigger',
    dedup_key: key,
    payload: {
      summary: summaryOf(letter),
      source: shortHarmless(signal.host.name, MAX_NAME) || 'unknown host',
      severity: SEVERITIES[signal.severity],
      ...(Number.isNaN(seen) ? {} : { timestamp: new Date(seen).toISOString() }),
      ...(component ? { component } : {}),
      ...(group ? { group } : {}),
      class: shortHarmless(signal.rule.id, MAX_NAME),
    },
    client: 'CWS',
    ...(href === undefined ? {} : { client_url: href, links: [{ href, text: `Signal ${signal.id}` }] }),
  } as const
  const left = MAX_EVENT_BYTES - Buffer.byteLength(JSON.stringify(event)) - ',"custom_details":'.length
  return { ...event, payload: { ...event.payload, custom_details: detailsOf(letter, tier, left) } }
}

/** The one line that is read out on a phone: it ends with the host whatever the title is. */
function summaryOf({ reason, title, signal }: Letter): string {
  const host = ` on ${shortHarmless(signal.host.name, MAX_NAME)}`
  const text = (reason === 'test' ? 'Test: ' : '') + (title.trim() || signal.rule.name)
  return shortHarmless(text, MAX_SUMMARY - host.length) + host
}

/** The program that did it, as its file is called. */
function programOf(event: Letter['signal']['event']): string | undefined {
  const process = event['process']
  return typeof process === 'object' && process !== null ? textAt(process as Readonly<Record<string, unknown>>, 'file', 'name') : undefined
}

function textAt(values: Readonly<Record<string, unknown>>, ...[outer, inner]: readonly [string, string]): string | undefined {
  const text = (values[outer] as Readonly<Record<string, unknown>> | null | undefined)?.[inner]
  return typeof text === 'string' && text !== '' ? shortHarmless(text, MAX_NAME) : undefined
}
