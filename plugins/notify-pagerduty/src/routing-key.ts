import { createHash } from 'node:crypto'
import { CwsError, type SecretRef } from '@cws/core'

/** What is wrong with an integration key; undefined if it is one. The key itself is never quoted. */
export function flawOfRoutingKey(key: string): string | undefined {
  if (!/^[0-9A-Za-z]{32}$/.test(key)) return `must be 32 letters and digits, these are ${key.length} characters`
  if (key.startsWith('R'))
    return 'is the key of a ruleset (it begins with R), which decides by itself where events go and takes no changes: use the integration key of a service'
  return undefined
}

/** The key as it is now. @throws CwsError CWS_ERR_PLUGIN_OPTIONS or CWS_ERR_SECRET_MISSING */
export function routingKeyOf(plugin: string, secret: (ref: SecretRef) => string, ref: SecretRef): string {
  const key = secret(ref)
  const flaw = flawOfRoutingKey(key)
  if (flaw !== undefined)
    throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', `routingKey ${flaw}`, {
      plugin,
      hint: 'PagerDuty shows it at the service, Integrations, Events API v2',
    })
  return key
}

/** Tells two keys apart without telling either: a key has over 150 random bits, of which these are 48. */
export function fingerprintOf(key: string): string {
  return createHash('sha256').update('cws routing key ').update(key).digest('hex').slice(0, 12)
}
