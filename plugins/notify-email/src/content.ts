import { type Document, defang, type Letter, printable, type Reason, renderPlain, type Severity, shortened } from '@cws/core'
import { escapeHtml, html } from './html.ts'
import { prepared } from './prepared.ts'
import { isAboutSignal } from './threads.ts'

/** Characters of the message by tier: a mailbox takes megabytes, but nobody reads them. */
const MESSAGE = [100_000, 10_000, 0] as const
const TITLE = 500
const NAME = 255
const TAGS = 500
/** Characters of the subject: what programs show of it at most, and well below the limit of a line. */
const SUBJECT = 200
const HOST = 60
/** Of lines of the text, where words allow it: with what answers put before them they stay below 80. */
const WIDTH = 76

/** Ground and ink of the severity's mark: a contrast of at least 4.5, whatever is around them. */
const COLOURS: Readonly<Record<Severity, readonly [ground: string, ink: string]>> = {
  info: ['#5c6670', '#ffffff'],
  low: ['#2f6f9f', '#ffffff'],
  medium: ['#f2c037', '#000000'],
  high: ['#c2410c', '#ffffff'],
  critical: ['#a11212', '#ffffff'],
}

const LABELS: Readonly<Record<Reason, string>> = {
  opened: 'New',
  updated: 'Update',
  raised: 'More severe',
  repeat: 'Still open',
  escalated: 'Not acknowledged',
  acknowledged: 'Acknowledged',
  archived: 'Archived',
  replayed: 'Sent again',
  digest: 'Digest',
  notice: 'Notice',
  changed: 'What the agent works by was changed',
  test: 'Test',
}

export interface Bodies {
  readonly text: string
  /** Absent in the plainest tier. */
  readonly html: string | undefined
}

type Fact = readonly [name: string, value: string]

/** What a mail says, in the parts that text and HTML share. */
interface Content {
  /** Absent where the mail is about no one signal. */
  readonly severity: Severity | undefined
  readonly label: string
  readonly title: string
  readonly message: Document
  /** Below the message: what is told of every signal, whatever the message says. */
  readonly facts: readonly Fact[]
}

/** `[HIGH] A program was run from memory (web1)`: the same in all mails about a signal while its severity is, for some mail programs thread by it. */
export function subjectOf({ reason, signal, title }: Letter): string {
  const mark = isAboutSignal(reason) ? signal.severity.toUpperCase() : reason
  const host = ` (${beginning(printable(signal.host.name), HOST)})`
  const start = `[${mark}] `
  return start + beginning(printable(title), SUBJECT - start.length - host.length) + host
}

/** `tier` 0: all. 1: the message is cut short. 2: nothing but what finds the signal, as text. */
export function bodiesOf(letter: Letter, tier: number): Bodies {
  const characters = MESSAGE[Math.min(tier, 2)] as number
  const { reason, signal, title } = letter
  const content: Content = {
    severity: isAboutSignal(reason) ? signal.severity : undefined,
    label: LABELS[reason],
    title: shown(title, TITLE),
    message: characters === 0 ? [] : prepared(shortened(letter.message, characters)),
    facts: factsOf(letter),
  }
  return { text: textOf(content), html: tier < 2 ? htmlOf(content) : undefined }
}

function factsOf({ reason, rule, signal }: Letter): Fact[] {
  const host: Fact = ['Host', shown(signal.host.name, NAME)]
  const by: Fact[] = rule === undefined ? [] : [['Sent by', `the notification rule "${shown(rule, NAME)}"`]]
  if (!isAboutSignal(reason)) return [host, ...by]
  const { id, status, tags } = signal
  return [
    host,
    ['Seen', seen(signal)],
    ['Rule', `${shown(signal.rule.name, NAME)} (${shown(signal.rule.id, NAME)})`],
    ...(tags.length === 0 ? [] : [['Tags', shown(tags.join(', '), TAGS)] as const]),
    ['Signal', `${shown(id, NAME)}, ${status}`],
    ...by,
  ]
}

/** `12 times, 2026-11-30 03:00:00 to 03:05:00 UTC`. */
function seen({ count, first_seen, last_seen }: Letter['signal']): string {
  const first = timeOf(first_seen)
  const last = timeOf(last_seen)
  const [day] = first.split(' ', 1)
  const span = first === last ? first : `${first} to ${last.startsWith(`${day} `) ? last.slice(11) : last}`
  return `${count === 1 ? 'once' : `${count} times`}, ${span} UTC`
}

/** `2026-11-30 03:00:00` of a time in RFC 3339. */
function timeOf(rfc3339: string): string {
  return printable(rfc3339.slice(0, 19)).replace('T', ' ')
}

function shown(text: string, length: number): string {
  return defang(beginning(printable(text), length))
}

/** Text of at most so many UTF-16 units, `…` at the end of what is cut; never half a character. */
function beginning(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}

function textOf({ severity, label, title, message, facts }: Content): string {
  const mark = severity === undefined ? label : `${severity.toUpperCase()} · ${label}`
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const table = facts.map(([name, value]) => name.padEnd(width) + value).join('\n')
  return `${[`${mark}: ${title}`, ...(message.length === 0 ? [] : [renderPlain(message, WIDTH)]), table].join('\n\n')}\n`
}

function htmlOf({ severity, label, title, message, facts }: Content): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding:2px 16px 2px 0;vertical-align:top;white-space:nowrap">${name}</td><td style="padding:2px 0;overflow-wrap:anywhere">${escapeHtml(value)}</td></tr>`,
  )
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:14px;line-height:1.5">
<div style="max-width:800px">
<p style="margin:0 0 8px">${severity === undefined ? '' : `${badge(severity)} `}${label}</p>
<h1 style="margin:0 0 16px;font-size:20px;overflow-wrap:anywhere">${escapeHtml(title)}</h1>
${html(message)}
<table role="presentation" style="margin:24px 0 0;padding:8px 0 0;border-top:1px solid #999999;border-spacing:0;font-size:13px">
${rows.join('\n')}
</table>
</div>
</body>
</html>
`
}

function badge(severity: Severity): string {
  const [ground, ink] = COLOURS[severity]
  const style = `display:inline-block;padding:2px 8px;border-radius:4px;font-weight:bold;background-color:${ground};color:${ink}`
  return `<span style="${style}">${severity.toUpperCase()}</span>`
}
