import { CwsError, type NotifierContext } from '@cws/core'
import { Webhook } from 'standardwebhooks'
import type { WebhookOptions } from './options.ts'

/** The header that proves who sent a body and when: a signature for each secret as they are now, with a space between. @throws CwsError */
export function signatureOf(ctx: NotifierContext<WebhookOptions>, key: string, now: Date, body: string): string {
  return signersOf(ctx)
    .map((signer) => signer.sign(key, now, body))
    .join(' ')
}

/** @throws CwsError CWS_ERR_PLUGIN_OPTIONS or CWS_ERR_SECRET_MISSING */
export function signersOf(ctx: NotifierContext<WebhookOptions>): readonly Webhook[] {
  const { secret } = ctx.options
  return (Array.isArray(secret) ? secret : [secret]).map((ref) => signer(ctx.name, ctx.secret(ref)))
}

function signer(plugin: string, secret: string): Webhook {
  const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) ? Buffer.from(secret.slice(6), 'base64').length : 0
  if (bytes < 24 || bytes > 64)
    throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', 'secret must be whsec_ followed by base64 of 24 to 64 bytes', {
      plugin,
      hint: 'make one: echo "whsec_$(openssl rand -base64 32)"',
    })
  return new Webhook(secret)
}
