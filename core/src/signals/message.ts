import type { BaseEvent } from '../model/event-class.ts'
import { UNKNOWN } from '../model/unknown.ts'
import { authorText } from './author.ts'
import { printable } from './printable.ts'

/** Longest value in a message, in characters. */
const MAX_VALUE = 512
const VARIABLE = /\{\{@([a-z0-9_.]+)\}\}/g
/** `{{author}}`, with a clause about it or without; `{{@field}}`, `{{name}}`. */
const PART = /\{\{(?:author(?: ([^{}]+))?|(@?)([a-z0-9_.]+))\}\}/g

/** The fields that a message names. */
export function variablesOf(template: string): string[] {
  return [...template.matchAll(VARIABLE)].map((match) => match[1] as string)
}

/**
 * Fills `{{@field}}`, `{{name}}` of the finding's own values, and `{{author}}`, which says who did it, in one pass: values enter as text that cannot
 * be a variable, with what a terminal or a reader could be fooled by made visible; redacted as output is. `{{author which is no shell}}` says the
 * clause where the program is known.
 */
export function renderMessage(template: string, event: BaseEvent, values: Readonly<Record<string, string | number>> = {}): string {
  return template.replace(PART, (whole, clause: string | undefined, at: string | undefined, name: string | undefined) => {
    if (name === undefined) return authorText((field) => known(event, field), clause)
    const text = at !== '' ? valueText(event, name) : Object.hasOwn(values, name) ? printable(String(values[name])) : undefined
    return text === undefined ? whole : asCode(text)
  })
}

/** What is between backticks is shown as code: where it ends is for who wrote the message to say. */
const asCode = (text: string): string => text.replaceAll('`', '\\u{60}')

function known(event: BaseEvent, field: string): string | undefined {
  const value = event.get(field)
  return value === UNKNOWN || value === undefined || value === '' ? undefined : asCode(valueText(event, field))
}

function valueText(event: BaseEvent, field: string): string {
  let value = event.get(field)
  if (value === UNKNOWN || value === undefined) return '(unknown)'
  const redact = event.redactors.get(field)
  if (redact) value = redact(value, event)
  const text = Array.isArray(value) ? value.map((element) => (element === UNKNOWN ? '?' : String(element))).join(', ') : String(value)
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…(+${text.length - MAX_VALUE})` : text)
}
