import { isIP } from 'node:net'
import { z } from 'zod'

const LISTEN_PATTERN = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/
const LISTEN = 'an address and a port, for example 127.0.0.1:9797 or [::1]:9797'

/** Key `monitoring` of the configuration. Absent: nothing listens. */
export const monitoringSchema = z.strictObject({
  listen: z
    .string()
    .regex(LISTEN_PATTERN, LISTEN)
    .refine((text) => parseListen(text) !== undefined, LISTEN)
    .default('127.0.0.1:9797')
    .describe(
      'Where /healthz and /metrics are served, without authentication: others than this host reach them if the address is not loopback.',
    ),
})

export type MonitoringInput = z.input<typeof monitoringSchema>
export type Monitoring = z.output<typeof monitoringSchema>

export interface ListenAddress {
  readonly host: string
  readonly port: number
  /** Reached from this host alone. */
  readonly loopback: boolean
}

/** Reads `127.0.0.1:9797`; port 0 takes a free one. Undefined if it is no address. */
export function parseListen(text: string): ListenAddress | undefined {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = Number(text.slice(colon + 1))
  if (!isIP(host) || !(port <= 65_535)) return undefined
  return { host, port, loopback: host.startsWith('127.') || host === '::1' }
}
