/** Words that make a name a secret's wherever they stand in it: `PGPASSWORD`, `authToken`. */
const ANYWHERE = ['password', 'passwd', 'passphrase', 'secret', 'token', 'apikey', 'accesskey', 'privatekey', 'credential', 'authkey']
/** Words that do so only as a whole word of the name: `db_pass`, `MYSQL_PWD`. */
const WORDS = new Set(['pass', 'pwd', 'pw', 'otp', 'pin'])
/** Names that end so hold the place of a secret, or what is no secret. */
const HARMLESS = new Set([
  'file',
  'path',
  'dir',
  'directory',
  'url',
  'uri',
  'endpoint',
  'length',
  'size',
  'ttl',
  'type',
  'name',
  'policy',
  'count',
])
/** `PWD` and `OLDPWD` are folders. */
const EXEMPT = new Set(['pwd', 'oldpwd'])
const MAX_NAME = 128

/** Whether an option, variable or key of this name holds a secret. Dashes, dots, case and camelCase do not matter. */
export function isSecretName(raw: string): boolean {
  if (raw.length < 2 || raw.length > MAX_NAME) return false
  const words = raw
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter((word) => word !== '')
  const joined = words.join('')
  if (words.length === 0 || EXEMPT.has(joined) || HARMLESS.has(words[words.length - 1] as string)) return false
  return ANYWHERE.some((word) => joined.includes(word)) || words.some((word) => WORDS.has(word))
}

/** Names that a configuration adds; `*` stands for any run of characters. */
export function wordsMatcher(words: readonly string[]): (name: string) => boolean {
  const patterns = words.map((word) => word.toLowerCase().replaceAll('-', '_').split('*'))
  return (raw) => {
    const name = raw
      .toLowerCase()
      .replaceAll('-', '_')
      .replace(/^_{1,2}/, '')
    return patterns.some((parts) => matches(name, parts))
  }
}

/** Glob with `*` alone: first and last part are anchored, those between are found from the left. */
function matches(name: string, parts: readonly string[]): boolean {
  const first = parts[0] as string
  const last = parts[parts.length - 1] as string
  if (parts.length === 1) return name === first
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}
