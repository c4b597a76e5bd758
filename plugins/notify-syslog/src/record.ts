import { type Letter, printable, renderPlain, type Severity } from '@cws/core'
import { cutBytes, headerField, hostName, shown, structuredData, timestamp } from './fields.ts'
import { FACILITIES, type SyslogOptions } from './options.ts'

/** Severities of syslog (RFC 5424 §6.2.1): critical, error, warning, notice, informational. What is worse is for who runs the host, not for us. */
const SEVERITIES: Readonly<Record<Severity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 }

const BOM = '\ufeff'

export type RecordOptions = Pick<SyslogOptions, 'facility' | 'appName' | 'sdId' | 'bom' | 'maxSize'>

/** A record by RFC 5424, at most `maxSize` bytes of UTF-8, in one line. What receivers sort by is structured data, the message text. */
export function recordOf(letter: Letter, { facility, appName, sdId, bom, maxSize }: RecordOptions): string {
  const { signal } = letter
  const priority = FACILITIES.indexOf(facility) * 8 + (SEVERITIES[signal.severity] ?? 6)
  const host = hostName(signal.host.name, Math.min(255, maxSize >> 2))
  const header = `<${priority}>1 ${timestamp(letter.time)} ${host} ${appName} - ${headerField(signal.rule.id, 32)}`
  const head = `${header} ${structuredData(sdId, parametersOf(letter), maxSize >> 1)} `
  const text = textOf(letter)
  const room = maxSize - Buffer.byteLength(head)
  // What marks a cut is not ASCII.
  const mark = bom && (/[^ -~]/.test(text) || text.length > room) ? BOM : ''
  return head + mark + cutBytes(text, room - Buffer.byteLength(mark))
}

/** The most needed first: where there is little room the others are left out. */
function parametersOf({ key, reason, rule, signal }: Letter): [string, string][] {
  const tags = signal.tags.filter((tag) => tag.trim() !== '')
  return [
    ['key', shown(key)],
    ['signal', shown(signal.id)],
    ['revision', String(signal.revision)],
    ['severity', signal.severity],
    ['reason', reason],
    ['status', signal.status],
    ['count', String(signal.count)],
    ['rule', shown(signal.rule.id)],
    ['first_seen', shown(signal.first_seen, 40)],
    ['last_seen', shown(signal.last_seen, 40)],
    ...(tags.length > 0 ? [['tags', shown(tags.join(','), 512)] as [string, string]] : []),
    ...(rule === undefined ? [] : [['notification', shown(rule)] as [string, string]]),
  ]
}

/** Title and message in one line: receivers write each line feed as `#012`, and readers by line would take it for an end. */
function textOf({ title, message }: Letter): string {
  const lines = [title, ...renderPlain(message).split('\n')].map((line) => line.trim()).filter((line) => line !== '')
  return printable(lines.join(' | ')).toWellFormed()
}

/** A record as it goes over TCP: its length in bytes in front, so that nothing in it can end it (RFC 6587 §3.4.1, RFC 5425 §4.3). */
export function frameOf(record: string): Buffer {
  const bytes = Buffer.from(record)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}
