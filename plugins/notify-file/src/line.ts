import { escapeInvisible, formOf, keyIn, mayBecomeForm } from '@cws/core'

/** How a line begins that is a signal as CWS writes it: with the key, which the other forms have in places of their own. */
const KEYED = '{"key":"'

/** The line of a delivery. A reader that meets a key twice has met the same thing. */
export function lineOf(key: string, body: string): string {
  const form = formOf(body)
  const line = form === undefined || form === 'native' ? `{"key":${JSON.stringify(key)},${body.slice(1)}` : body
  return escapeInvisible(line).replaceAll('\n', ' ')
}

/** The key of the delivery that a line is of; undefined if it is no such line. */
export function keyOf(line: string): string | undefined {
  if (!line.startsWith(KEYED)) return keyIn(line)
  try {
    return String((JSON.parse(line) as { readonly key: unknown }).key)
  } catch {
    return undefined
  }
}

/** Whether a text may be the beginning of a line. */
export function mayBecomeLine(text: string): boolean {
  return text.startsWith(KEYED) || KEYED.startsWith(text) || mayBecomeForm(text)
}
