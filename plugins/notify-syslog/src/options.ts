import { isForbiddenAddress, secretRef } from '@cws/core'
import { z } from 'zod'

const HOST = /^(?=.{1,255}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/

/** Facilities by their usual names, in the order of their numbers (RFC 5424 §6.2.1). */
export const FACILITIES = [
  ...[
    'kern',
    'user',
    'mail',
    'daemon',
    'auth',
    'syslog',
    'lpr',
    'news',
    'uucp',
    'cron',
    'authpriv',
    'ftp',
    'ntp',
    'audit',
    'alert',
    'clock',
  ],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

const path = (description: string) => z.string().min(1).optional().describe(`Path of a PEM file: ${description}`)

const fields = z.strictObject({
  host: z
    .string()
    .regex(HOST, 'must be the name or the address of a host')
    .refine((host) => !isForbiddenAddress(host), 'no link-local address and no metadata service')
    .describe('Who takes the records'),
  port: z.int().min(1).max(65_535).optional().describe('6514 unless told otherwise, 514 without TLS'),
  tls: z
    .boolean()
    .default(true)
    .describe('TLS, with a server that can prove who it is; false: TCP as it is, only to this very host unless allowPlaintext says so'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Send records unencrypted to another host: everybody on the way can read and change them'),
  serverName: z
    .string()
    .regex(HOST, 'must be a name')
    .optional()
    .describe("Name that the server's certificate must be for: that of host unless told otherwise"),
  ca: path('the certificate authorities to trust instead of the usual ones'),
  cert: path('the certificate that proves who sends'),
  key: z
    .union([z.string().min(1), secretRef('Its key, PEM')])
    .optional()
    .describe('The key of cert: path of a PEM file, or the PEM as a secret'),
  facility: z
    .enum(FACILITIES)
    .default('authpriv')
    .describe('Facility of the records: authpriv, which receivers keep from other users, unless told otherwise'),
  appName: z
    .string()
    .regex(/^[!-~]{1,48}$/, 'up to 48 printable ASCII characters without space')
    .default('cws')
    .describe('APP-NAME of the records'),
  sdId: z
    .string()
    .regex(/^(?!.*[=\]"])[!-?A-~]{1,20}@[1-9]\d{0,9}$/, 'a name, @ and an enterprise number, as cws@32473')
    .default('cws@32473')
    .describe('SD-ID of the structured data; 32473 stands for no enterprise in particular'),
  bom: z.boolean().default(true).describe('Text that is not ASCII begins with a byte order mark, as RFC 5424 wants it of UTF-8'),
  maxSize: z
    .int()
    .min(480)
    .max(65_536)
    .default(8_000)
    .describe(
      'Most bytes of a record; what is longer is cut and says so. rsyslog parts what has more than 8096, unless its maxMessageSize says otherwise',
    ),
  timeout: z
    .int()
    .min(100)
    .max(15_000)
    .default(10_000)
    .describe('Milliseconds for one try, from the connection to the last byte of the record'),
})

export const options = fields
  .refine(({ tls, host, allowPlaintext }) => tls || allowPlaintext || isLoopback(host), {
    path: ['tls'],
    error: 'false only to this very host: records could be read and changed on the way (allowPlaintext: true sends them all the same)',
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), { path: ['key'], error: 'cert and key belong together' })
  .refine(({ tls, ca, cert, serverName }) => tls || (ca ?? cert ?? serverName) === undefined, {
    path: ['tls'],
    error: 'ca, cert, key and serverName mean nothing without it',
  })

export type SyslogOptions = z.output<typeof options>

export function portOf({ port, tls }: SyslogOptions): number {
  return port ?? (tls ? 6514 : 514)
}

/** All of 127.0.0.0/8 in its usual form, `::1`, and the name that stands for them. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
