type Values = Readonly<Record<string, unknown>>

/** A block of an event's JSON; undefined where nothing is known of it. */
export function block(values: Values | undefined, name: string): Values | undefined {
  const value = values?.[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRaw(value) ? (value as Values) : undefined
}

/** A text that is known and not empty. */
export function text(values: Values | undefined, name: string): string | undefined {
  const value = values?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function number(values: Values | undefined, name: string): number | undefined {
  const value = values?.[name]
  if (typeof value === 'number') return value
  return isRaw(value) ? Number((value as { readonly rawJSON: string }).rawJSON) : undefined
}

/** A number as text, exact whatever its size. */
export function digits(values: Values | undefined, name: string): string | undefined {
  const value = values?.[name]
  return typeof value === 'number' || isRaw(value) ? JSON.stringify(value) : undefined
}

export function texts(values: Values | undefined, name: string): readonly string[] | undefined {
  const value = values?.[name]
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
}

/** A time as the model writes it, RFC 3339, in milliseconds since the epoch. */
export function millisOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

/** The object without what is undefined; undefined if nothing is left. */
export function known<T extends object>(values: T): T | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T)
}

/** The file that an event is about: `open.file`, `change.file`, … */
export function fileOf(event: Values): Values | undefined {
  const type = text(event, 'type')
  return type === undefined ? undefined : block(block(event, type), 'file')
}

/** A command as one line: the name it was called by, and its arguments. */
export function commandOf(process: Values | undefined): string | undefined {
  const argv0 = text(process, 'argv0') ?? text(process, 'comm')
  const args = text(process, 'args')
  return argv0 === undefined ? args : args === undefined ? argv0 : `${argv0} ${args}`
}

/** `algorithm` and `value` of digests as the model writes them. */
export function digestsOf(file: Values | undefined): readonly { readonly algorithm: string; readonly value: string }[] {
  return (texts(file, 'hashes') ?? []).flatMap((digest) => {
    const [, algorithm, value] = /^([a-z0-9_-]+):([0-9a-f]+)$/i.exec(digest) ?? []
    return algorithm && value ? [{ algorithm: algorithm.toLowerCase(), value }] : []
  })
}

/** The technique of a tag like `mitre:T1059.004`. */
export function techniquesOf(tags: readonly string[]): readonly { readonly technique: string; readonly sub: string | undefined }[] {
  return tags.flatMap((tag) => {
    const [, technique, sub] = /^mitre:(T\d{4})(\.\d{3})?$/.exec(tag) ?? []
    return technique ? [{ technique, sub: sub && technique + sub }] : []
  })
}

function isRaw(value: unknown): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value)
}
