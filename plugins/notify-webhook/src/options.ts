import { secret, secretRef } from '@cws/core'
import { z } from 'zod'

/** Headers whose value is a secret, by their name. */
const SECRET = /authori[sz]ation|cookie|token|secret|password|api-?key/i
/** Headers that the notifier or the connection sets. */
const RESERVED = /^(host|connection|content-length|content-type|transfer-encoding|upgrade|expect|te|trailer|keep-alive|webhook-.*)$/i

const withoutCredentials = (url: URL): boolean => url.username === '' && url.password === ''

const target = z
  .url()
  .refine((text) => isSafe(new URL(text)), 'must be https:// (http:// only to loopback)')
  .refine((text) => withoutCredentials(new URL(text)), 'must hold no credentials: use headers')
  .describe('Where signals are posted: https, or http to this very host')

const proxyUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => withoutCredentials(new URL(text)), 'must hold no credentials here: use env() or secretFile()')

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII')
  .describe('Value as it is')

export const options = z.strictObject({
  url: target,
  secret: secret('Secret for the signature, as Standard Webhooks writes it: whsec_ and base64 of 24 to 64 bytes'),
  timeout: z.int().min(100).max(15_000).default(10_000).describe('Milliseconds for one try, from the connection to the end of the answer'),
  proxy: z
    .union([proxyUrl, secretRef('URL of the proxy, with credentials')])
    .optional()
    .describe('URL of an HTTP proxy to go through'),
  ca: z.string().min(1).optional().describe('Path of a PEM file: the certificate authorities to trust instead of the usual ones'),
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header')
        .refine((name) => !RESERVED.test(name), 'is set by the notifier itself'),
      z.union([headerValue, secretRef('Value that is a secret')]),
    )
    .refine((headers) => secretsAsText(headers).length === 0, {
      error: ({ input }) => `${secretsAsText(input as Headers).join(', ')}: use env() or secretFile() for a secret`,
    })
    .default({})
    .describe('More headers; a value may be env() or secretFile()'),
})

export type WebhookOptions = z.output<typeof options>

type Headers = Readonly<Record<string, unknown>>

const secretsAsText = (headers: Headers): string[] =>
  Object.keys(headers).filter((name) => SECRET.test(name) && typeof headers[name] === 'string')

function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** URL parsing has brought every way to write an IPv4 address into dotted form. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
