import type { Evidence, EvidenceEvent } from '../recorder/evidence.ts'
import { printable } from '../signals/printable.ts'
import type { Signal } from '../signals/signal.ts'
import { processTree, wordsOf } from './process-tree.ts'
import { cut } from './signal-rows.ts'

/** Before what the signal is about. */
const MARK = '▶ '
const NO_MARK = '  '
const MIN_WIDTH = 40
/** Of a line, where nothing says how wide the terminal is. */
const MAX_WIDTH = 240

/**
 * What was seen around a signal, for a terminal: its processes as a tree, and what they did as a timeline, in seconds from the event that was found.
 * Every text is made printable; lines are cut where `width` is given.
 */
export function evidenceView(signal: Signal, evidence: Evidence, width?: number): string {
  const room = width === undefined ? MAX_WIDTH : Math.max(MIN_WIDTH, width)
  const shown = (line: string) => cut(printable(line).trimEnd(), room)
  const lines = [
    'processes',
    ...processTree(signal, evidence).map(({ branch, pid, text, found }) =>
      shown(`${found ? MARK : NO_MARK}${branch}${pid ?? '?'} ${text.trim() === '' ? '(no program of its own)' : text}`),
    ),
    '',
    'timeline',
    ...timeline(signal, evidence).map(shown),
  ]
  if (evidence.left_out > 0) lines.push(shown(`${NO_MARK}… ${evidence.left_out} events more than are kept`))
  return lines.join('\n')
}

function timeline(signal: Signal, { events, processes }: Evidence): readonly string[] {
  const origin = Date.parse(signal.first_seen)
  const zero = events.find(({ found }) => found)?.timestamp
  const pids = new Map(processes.map(({ process, pid }) => [process, String(pid)]))
  const rows = events.map((event) => ({
    mark: event.found ? MARK : NO_MARK,
    time: seconds(microseconds(event.timestamp) - (zero === undefined ? origin * 1000 : microseconds(zero))),
    pid: pids.get(event.process) ?? '?',
    type: event.type,
    what: whatOf(event),
  }))
  const widest = (of: (row: (typeof rows)[number]) => string) => Math.max(0, ...rows.map((row) => of(row).length))
  const [time, pid, type] = [widest((row) => row.time), widest((row) => row.pid), widest((row) => row.type)]
  return rows.map((row) => `${row.mark}${row.time.padStart(time)}  ${row.pid.padStart(pid)}  ${row.type.padEnd(type)}  ${row.what}`)
}

/** `+0.012 s`. */
function seconds(microseconds: number): string {
  const text = (Math.abs(microseconds) / 1e6).toFixed(3)
  return `${microseconds < 0 && Number(text) !== 0 ? '-' : '+'}${text} s`
}

/** Of RFC 3339, to the microsecond: `Date` has milliseconds. */
function microseconds(time: string): number {
  const fraction = /\.(\d{3})(\d{3})/.exec(time)
  return Date.parse(time) * 1000 + Number(fraction?.[2] ?? 0)
}

function whatOf(event: EvidenceEvent): string {
  if (event.details) return Object.entries(event.details).map(pair).join(' ')
  if (event.type === 'exec') return `${wordsOf(event)}${event.args_truncated ? ' …' : ''}`
  if (event.ppid !== undefined) return `by ${event.ppid}`
  if (event.signal !== undefined) return `signal ${event.signal}`
  return event.code === undefined ? '' : `code ${event.code}`
}

const pair = ([name, value]: readonly [string, unknown]): string =>
  `${name}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`
