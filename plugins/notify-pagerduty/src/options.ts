import { hasCredentials, httpOptions, rateOption, secret, targetUrl } from '@cws/core'
import { z } from 'zod'
import { flawOfRoutingKey } from './routing-key.ts'

const signalUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !hasCredentials(new URL(text)), 'must hold no credentials: it is shown to everybody who is paged')

export const options = z
  .strictObject({
    routingKey: secret('Integration key of an Events API v2 integration: 32 letters and digits'),
    region: z.enum(['us', 'eu']).default('us').describe('Service region of the account: eu if its address ends in .eu.pagerduty.com'),
    endpoint: targetUrl('Where events are posted instead of the region’s own address: a relay of yours').optional(),
    signalUrl: signalUrl
      .optional()
      .describe('Where people look at signals: its URL up to the id of a signal, which is put behind it. The only link that a page has'),
    changes: z
      .boolean()
      .default(false)
      .describe('Tell when other rules or plugins are at work: a change event, with their names, which wakes nobody'),
    rate: rateOption({ burst: 60, perMinute: 120 }),
    ...httpOptions,
  })
  .refine(({ changes, endpoint }) => !changes || endpoint === undefined || /\/enqueue$/.test(endpoint), {
    path: ['endpoint'],
    error: 'must end in /enqueue where `changes` is true: change events are posted to /change/enqueue beside it',
  })
  .refine(({ routingKey }) => !('literal' in routingKey) || flawOfRoutingKey(routingKey.literal) === undefined, {
    path: ['routingKey'],
    error: ({ input }) => flawOfRoutingKey((input as { routingKey: { literal: string } }).routingKey.literal),
  })

export type PagerDutyOptions = z.output<typeof options>

const ENDPOINTS = { us: 'https://events.pagerduty.com/v2/enqueue', eu: 'https://events.eu.pagerduty.com/v2/enqueue' } as const

export function endpointOf({ endpoint, region }: PagerDutyOptions): string {
  return endpoint ?? ENDPOINTS[region]
}

/** Where change events are posted: beside the alerts. */
export const changeEndpointOf = (options: PagerDutyOptions): string => endpointOf(options).replace(/\/enqueue$/, '/change/enqueue')
