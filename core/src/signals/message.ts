import type { BaseEvent } from '../model/event-class.ts'
import { UNKNOWN } from '../model/unknown.ts'
import { printable } from './printable.ts'

/** Longest value in a message, in characters. */
const MAX_VALUE = 512
const VARIABLE = /\{\{@([a-z0-9_.]+)\}\}/g
const FIELD_OR_VALUE = /\{\{(@?)([a-z0-9_.]+)\}\}/g

/** The fields that a message names. */
export function variablesOf(template: string): string[] {
  return [...template.matchAll(VARIABLE)].map((match) => match[1] as string)
}

/**
 * Fills `{{@field}}`, and `{{name}}` of the finding's own values, in one pass: values enter as text that cannot be a variable, with what a
 * terminal or a reader could be fooled by made visible; redacted as output is.
 */
export function renderMessage(template: string, event: BaseEvent, values: Readonly<Record<string, string | number>> = {}): string {
  return template.replace(FIELD_OR_VALUE, (whole, at: string, name: string) => {
    const text = at !== '' ? valueText(event, name) : Object.hasOwn(values, name) ? printable(String(values[name])) : undefined
    // What is between backticks is shown as code: where it ends is for who wrote the message to say.
    return text === undefined ? whole : text.replaceAll('`', '\\u{60}')
  })
}

function valueText(event: BaseEvent, field: string): string {
  let value = event.get(field)
  if (value === UNKNOWN || value === undefined) return '(unknown)'
  const redact = event.redactors.get(field)
  if (redact) value = redact(value, event)
  const text = Array.isArray(value) ? value.map((element) => (element === UNKNOWN ? '?' : String(element))).join(', ') : String(value)
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…(+${text.length - MAX_VALUE})` : text)
}
