import { rateOption, secret, secretRef } from '@cws/core'
import { z } from 'zod'
import { type Address, parseAddress } from './address.ts'

/** RFC 5321 §4.5.3.1.8 has servers take a hundred; a list as long as this one wants an address of its own. */
const MAX_RECIPIENTS = 50

const HOST = /^(?=.{1,255}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/

const address = z
  .string()
  .max(500)
  .refine((text) => parseAddress(text) !== undefined, 'must be local@domain or Name <local@domain>, the address in ASCII')

const bare = z
  .string()
  .max(320)
  .refine((text) => text === '' || parseAddress(text)?.name === undefined, 'must be local@domain, or empty')
  .refine((text) => text === '' || parseAddress(text) !== undefined, 'must be local@domain, or empty')

const recipients = z
  .array(address)
  .min(1)
  .max(MAX_RECIPIENTS)
  .refine((list) => new Set(list.map((text) => parseAddress(text)?.address)).size === list.length, 'names somebody twice')

const user = z.union([z.string().min(1), secretRef('User name that is a secret')]).describe('User name')

const fields = z.strictObject({
  host: z.string().regex(HOST, 'must be the name or the address of a host').describe('Mail server that takes the mails'),
  port: z.int().min(1).max(65_535).optional().describe('587 unless told otherwise, 465 with tls: implicit, 25 with tls: none'),
  tls: z
    .enum(['starttls', 'implicit', 'none'])
    .default('starttls')
    .describe(
      'starttls: the server must offer it. implicit: TLS from the first byte. none: only to this very host, unless allowPlaintext says so',
    ),
  allowPlaintext: z.boolean().default(false).describe('Send mails unencrypted to another host: everybody on the way can read them'),
  ca: z.string().min(1).optional().describe('Path of a PEM file: the certificate authorities to trust instead of the usual ones'),
  auth: z
    .union([
      z.strictObject({ user, password: secret('Password') }),
      z.strictObject({ user, token: secret('Access token of OAuth 2.0, kept fresh by who gives it out') }),
    ])
    .optional()
    .describe('Log in before anything is sent, with a password or a token; only over TLS or to this very host'),
  from: address.describe('Who the mails are from: cws@example.com or CWS <cws@example.com>'),
  to: z
    .union([address.transform((one) => [one]), recipients])
    .describe('Who gets them: one address or up to 50, each of which is told of the others'),
  replyTo: address.optional().describe('Where answers go'),
  returnPath: bare
    .optional()
    .describe('Where undeliverable mails are returned to: the address of from unless told otherwise, empty for nowhere'),
  ehlo: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$/, 'must be a host name')
    .optional()
    .describe('Name that this host calls itself towards the server: its own unless told otherwise'),
  rate: rateOption({ burst: 20, perMinute: 30 }),
  timeout: z
    .int()
    .min(100)
    .max(15_000)
    .default(14_000)
    .describe('Milliseconds for one try, from the look-up of the host to the answer for the mail'),
})

export const options = fields
  .refine(({ tls, host, allowPlaintext }) => tls !== 'none' || allowPlaintext || isLoopback(host), {
    path: ['tls'],
    error: 'none only to this very host: mails could be read on the way (allowPlaintext: true sends them all the same)',
  })
  .refine(({ tls, host, auth }) => tls !== 'none' || auth === undefined || isLoopback(host), {
    path: ['auth'],
    error: 'not without TLS: what it is made with could be read on the way',
  })

export type EmailOptions = z.output<typeof options>

const PORTS = { starttls: 587, implicit: 465, none: 25 } as const

export function portOf({ port, tls }: EmailOptions): number {
  return port ?? PORTS[tls]
}

/** An address that the schema has let through. */
export function addressOf(text: string): Address {
  return parseAddress(text) as Address
}

/** All of 127.0.0.0/8 in its usual form, `::1`, and the name that stands for them. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
