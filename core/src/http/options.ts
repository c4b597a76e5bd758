import { z } from 'zod'
import { secretRef } from '../config/secret.ts'
import { hasCredentials, isSafeTarget } from './safe-target.ts'

/** Schema of an option that is a URL to send to: https, or http to this very host, without credentials. */
export function targetUrl(description: string) {
  return z
    .url()
    .refine((text) => isSafeTarget(new URL(text)), 'must be https:// (http:// only to loopback), and to no link-local or metadata address')
    .refine((text) => !hasCredentials(new URL(text)), 'must hold no credentials: use headers')
    .describe(description)
}

const proxyUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !hasCredentials(new URL(text)), 'must hold no credentials here: use env() or secretFile()')

/** Options that notifiers over HTTP have in common: `z.strictObject({ …, ...httpOptions })`. */
export const httpOptions = {
  timeout: z.int().min(100).max(15_000).default(10_000).describe('Milliseconds for one try, from the connection to the end of the answer'),
  proxy: z
    .union([proxyUrl, secretRef('URL of the proxy, with credentials')])
    .optional()
    .describe('URL of an HTTP proxy to go through'),
  ca: z.string().min(1).optional().describe('Path of a PEM file: the certificate authorities to trust instead of the usual ones'),
}
