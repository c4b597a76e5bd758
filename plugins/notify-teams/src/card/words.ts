import { type Letter, type Reason, type Signal, shownText } from '@cws/core'
import type { ContainerStyle, Element, RichTextBlock } from './elements.ts'
import { blocks, runs } from './runs.ts'

const TITLE = 150
const FACT = 100
const TAGS = 300

const STYLES: Readonly<Record<Signal['severity'], ContainerStyle>> = {
  critical: 'attention',
  high: 'attention',
  medium: 'warning',
  low: 'accent',
  info: 'default',
}

/** Letters that are about no single signal: nothing is said of a severity or a state. */
const SINGLE: ReadonlySet<Reason> = new Set(['digest', 'notice', 'test'])

/** How bad, in words and in colour, or what people have decided; and what it is. */
export function headlineOf({ reason, signal, title }: Letter): { readonly text: string; readonly style: ContainerStyle } {
  const line = shownText(title.replace(/\s+/g, ' ').trim(), TITLE) || 'CWS'
  if (SINGLE.has(reason)) return { text: line, style: 'emphasis' }
  if (signal.status === 'archived') return { text: `Archived · ${line}`, style: 'good' }
  const known = signal.severity.charAt(0).toUpperCase() + signal.severity.slice(1)
  if (signal.status === 'acknowledged') return { text: `${known}, acknowledged · ${line}`, style: 'default' }
  return { text: `${known} · ${line}`, style: STYLES[signal.severity] ?? 'default' }
}

/** The small print: why it is told, where, how often, by which rule; and when, as the clock of each reader shows it. `brief`: what one needs. */
export function facts(letter: Letter, brief: boolean): Element[] {
  const { signal, reason } = letter
  const why = WHY[reason]?.(signal)
  const said = [...(why === undefined ? [] : [why]), `on ${fact(signal.host.name)}`]
  if (SINGLE.has(reason)) return [smallPrint(said)]
  said.push(signal.count === 1 ? 'once' : `${signal.count.toLocaleString('en')} times`, `rule ${fact(signal.rule.id)}`)
  const tags = signal.tags.filter((tag) => tag.trim() !== '')
  if (!brief && tags.length > 0) said.push(fact(tags.join(', '), TAGS))
  said.push(`signal ${fact(signal.id)}`)
  return [smallPrint(said), seen(signal)]
}

const fact = (text: string, limit = FACT): string => shownText(text, limit)

export function smallPrint(said: readonly string[]): RichTextBlock {
  return blocks(runs(said.join(' · '), { size: 'Small', isSubtle: true }), '', '')[0] as RichTextBlock
}

/** Only words of ours and times: text that is parsed. */
function seen({ first_seen, last_seen }: Signal): Element {
  const first = moment(first_seen)
  const last = moment(last_seen)
  const text = first === last ? `seen ${first}` : `first seen ${first}, last ${last}`
  return { type: 'TextBlock', text, wrap: true, size: 'Small', isSubtle: true, spacing: 'None' }
}

function moment(time: string): string {
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) return 'at an unknown time'
  const second = `${new Date(ms).toISOString().slice(0, 19)}Z`
  return `{{DATE(${second},SHORT)}} {{TIME(${second})}}`
}

const WHY: Readonly<Partial<Record<Reason, (signal: Signal) => string>>> = {
  raised: ({ severity }) => `raised to ${severity}`,
  repeat: () => 'still open',
  escalated: () => 'nobody has acknowledged this yet',
  acknowledged: () => 'acknowledged',
  archived: () => 'archived',
  replayed: () => 'told again because somebody asked',
  test: () => 'a test',
}
