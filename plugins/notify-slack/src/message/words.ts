import { type Letter, printable, type Reason, type Signal } from '@cws/core'
import { LIMITS } from './blocks.ts'
import { shorten } from './cut.ts'

const CIRCLES: Readonly<Record<Signal['severity'], string>> = { critical: '🔴', high: '🟠', medium: '🟡', low: '🔵', info: '⚪' }

/** Letters that are about no single signal: nothing is said of a severity or a state. */
export const SINGLE: ReadonlySet<Reason> = new Set(['digest', 'notice', 'test'])

/** The first line: how bad, in colour and in words, or what people have decided; and what it is. */
export function headline({ reason, signal, title }: Letter): string {
  const line = shorten(oneLine(title), LIMITS.header - 32)
  if (SINGLE.has(reason)) return line === '' ? 'CWS' : line
  if (signal.status === 'archived') return `⚫ Archived · ${line}`
  const { severity } = signal
  const known = CIRCLES[severity] === undefined ? severity : `${CIRCLES[severity]} ${capital(severity)}`
  return signal.status === 'acknowledged' ? `${known}, acknowledged · ${line}` : `${known} · ${line}`
}

/** Why it is told, where the message itself does not show it; undefined for a signal's first message and for those that only grew. */
export function whyTold({ reason, signal }: Letter): string | undefined {
  switch (reason) {
    case 'opened':
    case 'updated':
    case 'digest':
    case 'notice':
      return undefined
    case 'raised':
      return `Raised to ${signal.severity}`
    case 'repeat':
      return 'Still open'
    case 'escalated':
      return 'Nobody has acknowledged this yet'
    case 'acknowledged':
      return 'Acknowledged'
    case 'archived':
      return 'Archived'
    case 'replayed':
      return 'Told again because somebody asked'
    case 'test':
      return 'A test'
  }
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count.toLocaleString('en')} times`
}

/** More than any line here has room for. */
const LONGEST_LINE = 2_000

/** The beginning of a text as one line in which nothing invisible is left. What core has cleaned already comes out as it is. */
export function oneLine(text: string): string {
  return printable(text.slice(0, LONGEST_LINE).replace(/\s+/g, ' ').trim())
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
