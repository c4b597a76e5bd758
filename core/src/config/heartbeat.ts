import { z } from 'zod'
import { httpOptions } from '../http/options.ts'
import { isSafeTarget } from '../http/safe-target.ts'
import { durationOf } from '../notifications/duration.ts'
import { secret } from './secret.ts'

/** A watcher that is told less often than this notices nothing in time. */
const MAX_EVERY_MS = 24 * 3600_000

const duration = (description: string) =>
  z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'a number with s, m, h or d, for example 1m')
    .describe(description)

/** Whether a beat may go there: https, or http to this very host. */
export function isBeatTarget(text: string): boolean {
  return URL.canParse(text) && isSafeTarget(new URL(text))
}

/** Key `heartbeat` of the configuration. Absent: nobody outside is told that the agent is well. */
export const heartbeatSchema = z
  .strictObject({
    url: secret('Where the beat goes, a URL of a watcher that alarms when none comes: https, or http to this very host'),
    every: duration('How often: `1m`; the watcher is to alarm after twice that')
      .refine((text) => {
        const ms = durationOf(text)
        return ms === undefined || (ms > 0 && ms <= MAX_EVERY_MS)
      }, 'from 1s to 1d')
      .default('1m'),
    method: z
      .enum(['POST', 'GET'])
      .default('POST')
      .describe('POST says in its body what is less than it could be; some watchers take only GET'),
    tolerate: duration('For how long a destination may fail before the beat is withheld').default('15m'),
    proxy: httpOptions.proxy,
    ca: httpOptions.ca,
  })
  .refine(({ url }) => !('literal' in url) || isBeatTarget(url.literal), {
    path: ['url'],
    error: 'must be https:// (http:// only to loopback), and to no link-local or metadata address',
  })

export type HeartbeatInput = z.input<typeof heartbeatSchema>
export type HeartbeatSettings = z.output<typeof heartbeatSchema>
