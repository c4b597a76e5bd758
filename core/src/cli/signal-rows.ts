import { printable } from '../signals/printable.ts'
import type { Severity } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'
import { type Cell, styled } from './output.ts'

/** Between columns. */
const GAP = 2
/** A title shorter than this says less than the rule's id does: it is left out. */
const LEAST_TITLE = 20
const HEAD = ['time', 'severity', 'rule', 'count', 'title', 'id'] as const
const COLUMN = { rule: 2, title: 4 } as const

const STYLES: Readonly<Record<Severity, Parameters<typeof styled>[0]>> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
}

/** One row a signal, under a row of names. Where `width` is given the rows fit it: titles are cut, then left out, then rules are cut. */
export function signalRows(signals: readonly Signal[], width?: number, now = new Date()): readonly (readonly Cell[])[] {
  const rows = signals.map((signal) => textsOf(signal, now))
  const widths = HEAD.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] as string).length)))
  const others = widths.reduce((sum, each) => sum + each + GAP, 0) - GAP
  const excess = width === undefined ? 0 : others - width
  const [rule, title] = [widths[COLUMN.rule] as number, widths[COLUMN.title] as number]
  const titleRoom = title - Math.max(0, excess)
  const showsTitle = titleRoom >= Math.min(title, LEAST_TITLE)
  const ruleRoom = showsTitle ? rule : Math.max(HEAD[COLUMN.rule].length, rule - Math.max(0, excess - title - GAP))
  const shape = (cells: readonly Cell[]): readonly Cell[] => cells.filter((_, column) => showsTitle || column !== COLUMN.title)
  const body = rows.map(([time, severity, ruleId, count, titleText, id], index) => [
    time as string,
    styled(STYLES[(signals[index] as Signal).severity], severity as string),
    cut(ruleId as string, ruleRoom),
    count as string,
    cut(titleText as string, titleRoom),
    styled('dim', id as string),
  ])
  return [HEAD.map((name) => styled('dim', name)), ...body].map(shape)
}

function textsOf({ last_seen, severity, rule, count, title, id }: Signal, now: Date): readonly string[] {
  return [when(last_seen, now), severity, rule.id, String(count), title, id].map(printable)
}

/** Local time of day if it is of today, else the day as well; the text itself if it is no time. */
export function when(time: string, now = new Date()): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  if (date.toDateString() === now.toDateString()) return clock
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock.slice(0, 5)}`
}

const two = (part: number): string => String(part).padStart(2, '0')

/** Cuts between code points. */
export function cut(text: string, room: number): string {
  if (text.length <= room) return text
  const shown = text.slice(0, Math.max(0, room - 1))
  return `${shown.replace(/[\ud800-\udbff]$/, '')}…`
}
