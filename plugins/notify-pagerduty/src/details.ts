import { bounded, type Evidence, type Letter, printable, type Signal } from '@cws/core'
import { cut, harmless, plainText } from './text.ts'

/** By tier: what the receiver refused comes shorter. Characters of the message, bytes of what the signal holds of events. */
const MESSAGE_LENGTHS = [16 * 1024, 4 * 1024, 512] as const
const EVIDENCE_BYTES = [Number.POSITIVE_INFINITY, 48 * 1024, 0] as const
const MAX_ADVICE = 4 * 1024
/** Of what authors of rules name: ids, names, tags. */
const MAX_NAME = 255
const MAX_TAGS = 100
/** Bytes that are kept for the list of what was cut. */
const CUT_BYTES = 1024

type Values = Readonly<Record<string, unknown>>

const isRaw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON

/**
 * What a page says besides its summary: the message, what to do, the signal's own words for what happened. Within `maxBytes` of JSON; what had to go is
 * named in `cut`. All text is harmless.
 */
export function detailsOf(letter: Letter, tier: number, maxBytes: number): Values {
  const { signal, rule } = letter
  const step = Math.min(tier, 2) as 0 | 1 | 2
  const missing: string[] = []
  const text = plainText(letter.message)
  const message = cut(text, MESSAGE_LENGTHS[step])
  if (message !== text) missing.push('message: its end')
  const details = {
    message,
    advice: cut(signal.advice.split('\n').map(harmless).join('\n'), MAX_ADVICE),
    severity: signal.severity,
    count: signal.count,
    first_seen: signal.first_seen,
    last_seen: signal.last_seen,
    rule: { id: nameOf(signal.rule.id), name: nameOf(signal.rule.name) },
    tags: signal.tags.slice(0, MAX_TAGS).map(nameOf),
    signal: signal.id,
    revision: signal.revision,
    status: signal.status,
    ...(rule === undefined ? {} : { notification: nameOf(rule) }),
    look_further: `cws signals show ${signal.id}`,
  }
  const left = Math.min(maxBytes - bytesOf(details) - CUT_BYTES, EVIDENCE_BYTES[step])
  const evidence = evidenceOf(signal, left, missing)
  if (signal.truncated) missing.push('event, group: long texts and lists, when the signal was made')
  return { ...details, ...evidence, ...(missing.length === 0 ? {} : { cut: missing }) }
}

/** The parts of a signal that an attacker fills, the most telling first, as far as there is room. */
function evidenceOf(signal: Signal, maxBytes: number, missing: string[]): Values {
  let left = maxBytes
  const kept: Record<string, unknown> = {}
  const keep = <T>(name: string, value: T | undefined, cleaned: (value: T) => unknown): void => {
    if (value === undefined) return
    const part = within(value, left, cleaned)
    if (part === undefined) missing.push(`${name}: all of it`)
    else {
      if (part.shortened) missing.push(`${name}: long texts and lists`)
      kept[name] = part.value
      left -= bytesOf(part.value)
    }
  }
  keep('group', signal.group, named)
  keep('event', signal.event, clean)
  keep('findings', signal.findings, (findings) => findings.map(ofFinding))
  return kept
}

/** The value made harmless within so many bytes, with long texts and lists cut if need be; undefined if it is too long all the same. */
function within<T>(
  value: T,
  maxBytes: number,
  cleaned: (value: T) => unknown,
): { readonly value: unknown; readonly shortened: boolean } | undefined {
  if (maxBytes <= 0) return undefined
  const whole = bytesOf(value) <= maxBytes ? cleaned(value) : undefined
  if (whole !== undefined && bytesOf(whole) <= maxBytes) return { value: whole, shortened: false }
  const short = (it: unknown): unknown => bounded({ it }, maxBytes)['it']
  // Cut before it is made harmless, which takes its time, and after, for that makes it longer.
  const cut = short(cleaned(short(value) as T))
  return bytesOf(cut) <= maxBytes ? { value: cut, shortened: true } : undefined
}

const nameOf = (text: string): string => cut(harmless(text), MAX_NAME)

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** Values by the names of fields, which are the model's and keep their dots. */
function named(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [printable(field), clean(value)]))
}

function ofFinding({ fields, ...finding }: Evidence): Values {
  return { ...(clean(finding) as Values), fields: named(fields) }
}

/** The value with all its texts harmless; integers beyond 2^53 stay exact. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return harmless(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null || isRaw(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [harmless(key), clean(inner)]))
}
