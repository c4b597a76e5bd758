import { createRequire } from 'node:module'

type GetDomain = typeof import('tldts').getDomain

/** Names of hosts are no longer than this (RFC 1035, 2.3.4); what is longer is none. */
const LONGEST = 253

let getDomain: GetDomain | undefined

/**
 * The part of a name that somebody has registered, in small letters: `example.co.uk` of `www.Example.co.uk`; empty if there is none. Public suffixes
 * are those of publicsuffix.org, private ones too, so that what anybody may have below `github.io` is told apart. The list takes memory: it
 * is read when somebody first asks.
 */
export function rootDomain(name: string): string {
  if (name.length > LONGEST + 1) return ''
  getDomain ??= (createRequire(import.meta.url)('tldts') as typeof import('tldts')).getDomain
  return getDomain(name.replace(/\.$/, '').toLowerCase(), { allowPrivateDomains: true, extractHostname: false }) ?? ''
}
