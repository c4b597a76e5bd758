import { printable } from '../../signals/printable.ts'
import type { Severity } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { AgentStatusLine } from '../protocol.ts'
import { authorLines } from './author.ts'
import { type Paint, painter, type Style } from './paint.ts'

const INDENT = ' '.repeat(10)
const MAX_TITLE = 200
const MAX_TEXT = 1_000

const BADGES: Readonly<Record<Severity, readonly Style[]>> = {
  critical: ['bold', 'inverse', 'red'],
  high: ['bold', 'red'],
  medium: ['bold', 'yellow'],
  low: ['cyan'],
  info: ['dim'],
}

/**
 * A signal for a person on a terminal: whole when it opens. Later revisions are one line, but of folded signals, which show what is new.
 */
export function humanSignal(signal: Signal, color: boolean): string {
  if (signal.revision === 1 || signal.folded) return wholeSignal(signal, color)
  const paint = painter(color)
  return `${head(signal, paint)}  ${paint(`×${signal.count}`, 'yellow')}  ${paint(span(signal), 'dim')}`
}

/**
 * A signal with all that a person needs: how bad, what, when; then what exactly happened, who did it, and what to do.
 * Every value is made printable here, whatever was done to it before.
 */
export function wholeSignal(signal: Signal, color: boolean): string {
  const paint = painter(color)
  const lines = [`${head(signal, paint)}${signal.count > 1 ? `  ×${signal.count}` : ''}  ${paint(clock(signal.last_seen), 'dim')}`]
  if (signal.message !== '' && signal.message !== signal.title) lines.push(INDENT + text(signal.message, MAX_TEXT))
  for (const line of authorLines(signal.event, paint)) lines.push(INDENT + line)
  if (signal.advice !== '') lines.push(`${INDENT}${paint('→', 'green')} ${text(signal.advice, MAX_TEXT)}`)
  lines.push(`${INDENT}${paint(`${text(signal.rule.id, MAX_TITLE)}${tags(signal)}`, 'dim')}`)
  return lines.join('\n')
}

/** Where the agent is. */
export function humanStatus(status: AgentStatusLine, color: boolean): string {
  const paint = painter(color)
  const { state, pid, ...details } = status
  const words = Object.entries(details).map(([name, value]) => `${name} ${detail(value)}`)
  const mark = state === 'ready' ? paint('●', 'green') : paint('○', 'dim')
  const what = state === 'ready' ? 'watching this host' : state
  return `${mark} ${paint(`cws is ${what}`, 'bold')}  ${paint(text([`pid ${pid}`, ...words].join(', '), MAX_TEXT), 'dim')}`
}

export function humanDropped(count: number, color: boolean): string {
  return painter(color)(`… ${count} events are not shown: the output was not read in time`, 'dim')
}

const head = (signal: Signal, paint: Paint): string => `${badge(signal.severity, paint)}${paint(text(signal.title, MAX_TITLE), 'bold')}`

function badge(severity: Severity, paint: Paint): string {
  const word = severity.toUpperCase()
  return `${paint(word, ...BADGES[severity])}${' '.repeat(INDENT.length - word.length)}`
}

const tags = (signal: Signal): string => (signal.tags.length === 0 ? '' : `  ${text(signal.tags.join(' '), MAX_TITLE)}`)

function span(signal: Signal): string {
  const from = clock(signal.first_seen)
  const to = clock(signal.last_seen)
  return from === to ? to : `${from} – ${to}`
}

/** Local time of day; the text itself if it is no time. */
function clock(time: string): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return printable(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

function text(value: string, limit: number): string {
  return printable(value.length > limit ? `${value.slice(0, limit)}…` : value)
}

function detail(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, inner]) => `${name}: ${String(inner)}`)
    .join(', ')
}
