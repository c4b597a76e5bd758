import { encodedWords, needsEncoding } from './encoded-words.ts'

/** An address as it stands in an envelope, and the name that a header shows with it. */
export interface Address {
  readonly name: string | undefined
  /** `local@domain`, ASCII: a domain of another script as its `xn--` form. */
  readonly address: string
}

/** Octets (RFC 5321 §4.5.3.1). */
const MAX_LOCAL = 64
const MAX_DOMAIN = 255
const MAX_NAME = 100

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/
const NAMED = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>]*?))\s*<([^<>]*)>\s*$/
const CONTROL = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u

/** Reads `local@domain` or `Name <local@domain>`; undefined for anything else: no groups, comments, quoted local parts or address literals. */
export function parseAddress(text: string): Address | undefined {
  const named = NAMED.exec(text)
  const address = named ? (named[3] as string) : text
  const at = address.lastIndexOf('@')
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  if (at < 0 || local.length > MAX_LOCAL || domain.length > MAX_DOMAIN || !LOCAL.test(local) || !DOMAIN.test(domain)) return undefined
  const name = named?.[1]?.replace(/\\(.)/gs, '$1') ?? named?.[2] ?? ''
  if (name.length > MAX_NAME || CONTROL.test(name)) return undefined
  return { name: name === '' ? undefined : name, address }
}

export function domainOf({ address }: Address): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/** As it stands in `From` or `To`. */
export function headerForm({ name, address }: Address): string {
  if (name === undefined) return address
  const shown = needsEncoding(name) ? encodedWords(name, 'Reply-To: '.length) : `"${name.replace(/["\\]/g, '\\$&')}"`
  return `${shown} <${address}>`
}
