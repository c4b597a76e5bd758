import { type Notification, nearest } from '@cws/core'

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g
const FIELD = /^@[a-z0-9_]+(\.[a-z0-9_]+)*$/
/** Longest value, in characters before they are encoded. */
const MAX_VALUE = 256

type Read = (of: Pick<Notification, 'signal' | 'reason'>) => unknown

/** The words that templates of messages have for the same, as far as they are one short value. */
const names: Readonly<Record<string, Read>> = {
  severity: ({ signal }) => signal.severity,
  status: ({ signal }) => signal.status,
  reason: ({ reason }) => reason,
  rule_id: ({ signal }) => signal.rule.id,
  signal_id: ({ signal }) => signal.id,
  revision: ({ signal }) => signal.revision,
  event_type: ({ signal }) => signal.event['type'],
  'host.name': ({ signal }) => signal.host.name,
}

/** What is wrong with the placeholders of a text; undefined if nothing is. */
export function flawOf(text: string): string | undefined {
  if (text.includes('{{{')) return 'has three {: a name stands between two'
  for (const [whole, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (FIELD.test(name) || Object.hasOwn(names, name)) continue
    const suggestion = nearest(name, Object.keys(names))
    return `${whole}: there is ${Object.keys(names).join(', ')}, and @field of the event${suggestion ? `; did you mean ${suggestion}?` : ''}`
  }
  return text.replace(PLACEHOLDER, '').includes('{{') ? 'has a {{ that nothing ends' : undefined
}

/**
 * The text with each placeholder replaced by its value, once: printable ASCII without anything that means something in a URL or a header, for
 * whatever is not a letter, a digit or one of `-_.!~*'()` is percent-encoded. What is not known is `-`.
 */
export function fill(text: string, of: Pick<Notification, 'signal' | 'reason'>): string {
  return text.replace(PLACEHOLDER, (_, name: string) =>
    encoded(name.startsWith('@') ? fieldOf(of.signal.event, name.slice(1)) : names[name]?.(of)),
  )
}

/** The same in a URL. Undefined if origin or depth of its path would be others than those of the text. */
export function fillUrl(text: string, of: Pick<Notification, 'signal' | 'reason'>): string | undefined {
  // Most have none, and their URL stays as it is written.
  if (!text.includes('{{')) return text
  const filled = new URL(fill(text, of))
  const meant = new URL(text.replace(PLACEHOLDER, '-'))
  const depth = ({ pathname }: URL): number => pathname.split('/').length
  return filled.origin === meant.origin && depth(filled) === depth(meant) ? filled.href : undefined
}

function encoded(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '-'
  const text = String(value).slice(0, MAX_VALUE).toWellFormed()
  // A part of a path that is dots alone leads up.
  return encodeURIComponent(/^\.*$/.test(text) ? text.replaceAll('.', '_') || '-' : text)
}

function fieldOf(event: Readonly<Record<string, unknown>>, field: string): unknown {
  let value: unknown = event
  for (const part of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[part]
  }
  return value
}
