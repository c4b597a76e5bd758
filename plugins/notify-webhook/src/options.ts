import { forms, httpOptions, rateOption, secret, secretRef, targetUrl } from '@cws/core'
import { z } from 'zod'
import { flawOf } from './placeholders.ts'

/** Headers whose value is a secret, by their name. */
const SECRET = /authori[sz]ation|cookie|token|secret|password|api-?key/i
/** Headers that the notifier or the connection sets. */
const RESERVED = /^(host|connection|content-length|content-type|transfer-encoding|upgrade|expect|te|trailer|keep-alive|webhook-.*)$/i

/** While the receiver changes its secret, the new one and the old one. */
const MAX_SECRETS = 4

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII')
  .superRefine((text, ctx) => sayFlaw(flawOf(text), ctx))
  .describe('Value, in which {{severity}} and the like stand for values of the signal')

const signing = secret('Secret for the signature, as Standard Webhooks writes it: whsec_ and base64 of 24 to 64 bytes')

export const options = z
  .strictObject({
    url: targetUrl(
      'Where signals are posted: https, or http to this very host. In its path and query {{host.name}} and the like stand for values',
    ).superRefine((text, ctx) => sayFlaw(/^[^:]*:\/\/[^/?#]*\{\{/.test(text) ? 'must name the host itself' : flawOf(text), ctx)),
    secret: z
      .union([signing, z.array(signing).min(1).max(MAX_SECRETS)])
      .describe('Secret for the signature, or a list while it is being changed: each makes a signature, and the receiver takes any'),
    format: z.enum(forms).default('native').describe('What the body is: the signal as CWS writes it, or in the form of a standard'),
    mode: z
      .enum(['latest', 'every'])
      .default('latest')
      .describe('latest: of a signal the newest revision arrives, what nobody was told yet is overtaken; every: each revision, in order'),
    rate: rateOption(),
    ...httpOptions,
    cert: z
      .string()
      .min(1)
      .optional()
      .describe('Path of a PEM file: the certificate that proves to the receiver who calls, with those between it and the authority'),
    key: z
      .union([z.string().min(1), secretRef('The key itself, PEM')])
      .optional()
      .describe('Path of a PEM file, or env() or secretFile(): the key of that certificate'),
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
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key go together')

export type WebhookOptions = z.output<typeof options>

type Headers = Readonly<Record<string, unknown>>

const secretsAsText = (headers: Headers): string[] =>
  Object.keys(headers).filter((name) => SECRET.test(name) && typeof headers[name] === 'string')

function sayFlaw(message: string | undefined, ctx: z.RefinementCtx): void {
  if (message !== undefined) ctx.addIssue({ code: 'custom', message })
}
