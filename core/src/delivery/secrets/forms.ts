import { bytesOf } from './readings.ts'

/** Shorter values are no secrets, and masking them would make logs unreadable. */
export const MIN_MASKED = 4
/** Shorter parts of a secret are words. */
const MIN_PART = 8
/** So long are no words: a part of nothing but letters is one if it is shorter. */
const LONGEST_WORD = 16

/** What a secret is found by, as UTF-8, one character a byte. */
export interface Forms {
  readonly whole: readonly string[]
  /** Those whose beginning says nothing that is public: found also where a text was cut off within them. */
  readonly begun: readonly string[]
}

/** All that shows a secret, or a secret within it, but for how URLs, JSON and the like write characters. */
export function formsOf(secret: string): Forms {
  const url = urlOf(secret)
  const inner = new Set([...(url ? partsOf(url) : []), ...credentialsOf(secret)])
  // The beginning of a URL is where it leads, as many texts end.
  const begun = [...(url ? [] : [secret]), ...inner].flatMap((each) => [bytesOf(each), ...base64Forms(each)]).filter(isLong)
  return { whole: [...new Set([...begun, bytesOf(secret), ...base64Forms(secret).filter(isLong)])], begun: [...new Set(begun)] }
}

const isLong = (form: string): boolean => form.length >= MIN_MASKED

function urlOf(secret: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(secret) && URL.canParse(secret) ? new URL(secret) : undefined
}

/** What of a URL may be secret by itself, as it is sent and as it is meant. */
function partsOf({ username, password, pathname, search, searchParams }: URL): readonly string[] {
  const values = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
  const parts = [username, ...pathname.split('/'), ...values, ...searchParams.values()].flatMap((part) => [part, meant(part)])
  const secret = parts.filter(isSecretPart)
  const path = secret.length > 0 || pathname.length >= LONGEST_WORD ? [pathname, `${pathname}${search}`] : []
  return [...path.filter((each) => each.length >= MIN_PART), ...secret, ...[password, meant(password)].filter(isLong)]
}

/** Words and dates, as versions of interfaces have them, are none. */
const isSecretPart = (part: string): boolean =>
  part.length >= LONGEST_WORD || (part.length >= MIN_PART && !/^(?:[a-z]*|\d{4}-\d\d-\d\d.*)$/i.test(part))

function meant(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** What of a secret is the key, where its beginning is public: of Standard Webhooks, and of headers that say how somebody proves who he is. */
function credentialsOf(secret: string): readonly string[] {
  if (secret.startsWith('whsec_')) return [secret.slice(6)].filter(isLong)
  const [, scheme = '', credentials = ''] = /^([A-Za-z][\w-]*) +(\S.*)$/s.exec(secret) ?? []
  if (credentials.length < MIN_PART) return []
  if (scheme.toLowerCase() !== 'basic') return [credentials]
  const pair = Buffer.from(credentials, 'base64').toString()
  const password = pair.slice(pair.indexOf(':') + 1)
  return [credentials, ...(password.length >= MIN_PART ? [password] : [])]
}

/** Base64 of the secret, in both alphabets, also inside a longer text (as in `Basic` credentials), where it can begin at any of three places. */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const inside = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const remainder = (shift + bytes.length) % 3
    // Characters that also encode bits of the neighbours are cut off.
    return encoded.slice(shift === 0 ? 0 : shift + 1, remainder === 0 ? undefined : -1)
  })
  const standard = [bytes.toString('base64'), ...inside]
  return [...standard, ...standard.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}
