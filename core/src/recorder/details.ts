import type { EventDefinition } from '../model/define-event.ts'
import type { BaseEvent } from '../model/event-class.ts'
import { rfc3339 } from '../model/rfc3339.ts'
import { UNKNOWN } from '../model/unknown.ts'

/** What a timeline tells of one event; longer texts are cut. */
const MAX_FIELDS = 8
const MAX_TEXT = 160
/** Of a file only what it is called. */
const IN_FILE = /\bfile\.(?!(?:.*\.)?path$)/

/** The fields of an event's own block that a timeline tells, by full name and as they are called there. */
export function toldFields({ type, fields, mirrors }: EventDefinition): readonly (readonly [field: string, name: string])[] {
  const own = `${type}.`
  if (mirrors === 'process') return ['file.path', 'args'].map((name) => [own + name, name])
  return [...fields]
    .filter(([name, field]) => name.startsWith(own) && !field.array && !IN_FILE.test(name.slice(own.length)))
    .slice(0, MAX_FIELDS)
    .map(([name]) => [name, name.slice(own.length)])
}

/** What is told of an event, as JSON: redacted, so that nothing is kept that may not leave. */
export function detailsOf(event: BaseEvent, told: ReturnType<typeof toldFields>): string {
  let out = ''
  for (const [field, name] of told) {
    let value = event.get(field)
    if (value === UNKNOWN || value === undefined || value === null || value === '') continue
    const redact = event.redactors.get(field)
    if (redact) value = redact(value, event)
    out += `${out === '' ? '' : ','}${JSON.stringify(name)}:${textOf(name, value)}`
  }
  return `{${out}}`
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'bigint') return name.endsWith('time') || name === 'since' ? `"${rfc3339(value)}"` : `"${value}"`
  if (typeof value === 'string') return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value)
  return JSON.stringify(value) ?? 'null'
}
