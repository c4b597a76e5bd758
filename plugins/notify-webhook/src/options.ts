import { httpOptions, secret, secretRef, targetUrl } from '@cws/core'
import { z } from 'zod'

/** Headers whose value is a secret, by their name. */
const SECRET = /authori[sz]ation|cookie|token|secret|password|api-?key/i
/** Headers that the notifier or the connection sets. */
const RESERVED = /^(host|connection|content-length|content-type|transfer-encoding|upgrade|expect|te|trailer|keep-alive|webhook-.*)$/i

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII')
  .describe('Value as it is')

export const options = z.strictObject({
  url: targetUrl('Where signals are posted: https, or http to this very host'),
  secret: secret('Secret for the signature, as Standard Webhooks writes it: whsec_ and base64 of 24 to 64 bytes'),
  ...httpOptions,
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
