import { createHash } from 'node:crypto'

/** Tells values apart without telling them: equal texts, numbers, lists, maps, patterns and functions (by their source) have equal fingerprints. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`
    if (typeof inner === 'function' || inner instanceof RegExp) return String(inner)
    return inner instanceof Map || inner instanceof Set ? [...inner] : inner
  })
  return createHash('sha256').update(String(text)).digest('hex').slice(0, 16)
}
