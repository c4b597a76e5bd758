import type { Readable, Scope } from '../condition/ir.ts'
import { commonBlock } from '../model/blocks/common.ts'
import { type EventDefinition, ownFieldsOf } from '../model/define-event.ts'
import { derive, sourceOf } from '../model/derive.ts'
import { type Field, fieldsOf, int, string, strings } from '../model/field.ts'
import { standardEvents } from '../model/standard-events.ts'
import { UNKNOWN } from '../model/unknown.ts'
import { rankOf, severities } from './severity.ts'
import type { Signal } from './signal.ts'

/** Severities as numbers with names, so that `severity >= medium` reads as it means. */
const RANKS = Object.fromEntries(severities.map((severity) => [severity, rankOf(severity)]))

/** What conditions over a signal may read besides the fields of its first event. */
const OWN: Readonly<Record<string, Field>> = {
  'rule.id': string('Id of the rule'),
  'rule.name': string('Name of the rule'),
  severity: int('`info`, `low`, `medium`, `high` or `critical`', { constants: RANKS }),
  status: string('`open`, `acknowledged` or `archived`'),
  title: string('Title'),
  message: string('Message'),
  tags: strings('Tags, for example `mitre:T1505.003`'),
  'host.name': string('Name of the host'),
  count: int('Findings so far'),
  'event.type': string('Type of the first event, for example `exec`'),
}

/** The fields of a signal for conditions: its own, and by dotted name those of its first event, of whatever type that is. */
export function signalScope(events: readonly EventDefinition[] = []): Scope {
  const fields = new Map(standardFields())
  for (const event of events) for (const [name, field] of ownFieldsOf(event)) fields.set(name, field)
  for (const [name, field] of Object.entries(OWN)) fields.set(name, field)
  return { type: 'signal', fields }
}

/** A signal as conditions read it. What its first event does not have is UNKNOWN. */
export function readableSignal(signal: Signal): Readable {
  return { get: (name) => ownField(signal, name) ?? eventField(signal.event, name) }
}

function ownField(signal: Signal, name: string): unknown {
  switch (name) {
    case 'rule.id':
      return signal.rule.id
    case 'rule.name':
      return signal.rule.name
    case 'severity':
      return rankOf(signal.severity)
    case 'host.name':
      return signal.host.name
    case 'status':
    case 'title':
    case 'message':
    case 'tags':
    case 'count':
      return signal[name]
    case 'event.type':
      return signal.event['type'] ?? UNKNOWN
    default:
      return undefined
  }
}

let standard: ReadonlyMap<string, Field> | undefined

/** Of all standard events: thousands, so only when somebody asks. */
function standardFields(): ReadonlyMap<string, Field> {
  if (standard) return standard
  const fields = new Map<string, Field>(fieldsOf(commonBlock))
  for (const event of standardEvents) for (const [name, field] of ownFieldsOf(event)) fields.set(name, field)
  standard = fields
  return fields
}

function eventField(event: Readonly<Record<string, unknown>>, name: string): unknown {
  const field = standardFields().get(name)
  if (field?.derived) return derive(field.derived, eventField(event, sourceOf(name, field.derived)))
  const value = walk(event, name.split('.'))
  if (value === undefined || value === null) return UNKNOWN
  const wide = field?.field === 'int64'
  return Array.isArray(value) ? value.map((element) => scalar(element, wide)) : scalar(value, wide)
}

/**
 * A field of a signal's event as it was told: times as RFC 3339, integers beyond 2^53 as decimal texts, lists of those; UNKNOWN where the event does
 * not have it.
 */
export function toldField(event: Readonly<Record<string, unknown>>, name: string): unknown {
  const derived = standardFields().get(name)?.derived
  if (derived) return derive(derived, toldField(event, sourceOf(name, derived)))
  const value = walk(event, name.split('.'))
  return Array.isArray(value) ? value.map(told) : told(value)
}

function told(value: unknown): unknown {
  if (value === undefined || value === null) return UNKNOWN
  if (Array.isArray(value)) return value.map(told)
  if (typeof value !== 'object') return value
  const raw = (value as { rawJSON?: unknown }).rawJSON
  return typeof raw === 'string' ? raw : UNKNOWN
}

/** Follows the words; a list on the way (`process.ancestors`) gives one value an element. */
function walk(value: unknown, words: readonly string[]): unknown {
  for (const [i, word] of words.entries()) {
    if (Array.isArray(value)) {
      if (word === 'length') return value.length
      return value.map((element) => walk(element, words.slice(i)))
    }
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, word)) return undefined
    value = (value as Record<string, unknown>)[word]
  }
  return value
}

/** Back from JSON: times were RFC 3339 texts, large integers raw numbers. */
function scalar(value: unknown, wide: boolean): unknown {
  if (value === undefined || value === null) return UNKNOWN
  if (!wide) return value
  if (typeof value === 'number') return BigInt(value)
  if (typeof value === 'string') return nanoseconds(value) ?? UNKNOWN
  const raw = (value as { rawJSON?: unknown }).rawJSON
  return typeof raw === 'string' ? BigInt(raw) : UNKNOWN
}

function nanoseconds(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (!match) return undefined
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
