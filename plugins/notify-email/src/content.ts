import { type Document, defang, type Letter, printable, type Reason, renderPlain, type Severity } from '@cws/core'
import { escapeHtml, html } from './html.ts'
import { prepared, shortened } from './prepared.ts'
import { isAboutSignal } from './threads.ts'

/** Characters of the message by tier: a mailbox takes megabytes, but nobody reads them. */
const MESSAGE = [100_000, 10_000, 0] as const
const TITLE = 500
const NAME = 255
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
  test: 'Test',
}

export interface Bodies {
  readonly text: string
  /** Absent in the plainest tier. */
  readonly html: string | undefined
}

/** What a mail says, in the parts that text and HTML share. */
interface Content {
  /** Absent where the mail is about no one signal. */
  readonly severity: Severity | undefined
  readonly label: string
  readonly title: string
  readonly message: Document
  /** Below a line at the end: what finds the signal again, whatever the message says. */
  readonly footer: readonly string[]
}

/** `[HIGH] A program was run from memory (web1)`: the same in all mails about a signal while its severity is, for some mail programs thread by it. */
export function subjectOf({ reason, signal, title }: Letter): string {
  const mark = isAboutSignal(reason) ? signal.severity.toUpperCase() : reason
  const host = ` (${shortened(printable(signal.host.name), HOST)})`
  const start = `[${mark}] `
  return start + shortened(printable(title), SUBJECT - start.length - host.length) + host
}

/** `tier` 0: all. 1: the message is cut short. 2: nothing but what finds the signal, as text. */
export function bodiesOf(letter: Letter, tier: number): Bodies {
  const characters = MESSAGE[Math.min(tier, 2)] as number
  const { reason, signal, title } = letter
  const content: Content = {
    severity: isAboutSignal(reason) ? signal.severity : undefined,
    label: LABELS[reason],
    title: shown(title, TITLE),
    message: characters === 0 ? [] : prepared(letter.message, characters),
    footer: footerOf(letter),
  }
  return { text: textOf(content), html: tier < 2 ? htmlOf(content) : undefined }
}

function footerOf({ reason, rule, signal }: Letter): string[] {
  const by = rule === undefined ? [] : [`Sent by the notification rule "${shown(rule, NAME)}".`]
  if (!isAboutSignal(reason)) return [`From the agent on ${shown(signal.host.name, NAME)}.`, ...by]
  const { id, host, status, count } = signal
  return [
    `Signal ${shown(id, NAME)} on ${shown(host.name, NAME)}: ${status}, ${count} ${count === 1 ? 'event' : 'events'}, rule ${shown(signal.rule.id, NAME)}.`,
    ...by,
  ]
}

function shown(text: string, length: number): string {
  return defang(shortened(printable(text), length))
}

function textOf({ severity, label, title, message, footer }: Content): string {
  const mark = severity === undefined ? label : `${severity.toUpperCase()} · ${label}`
  const parts = [`${mark}: ${title}`, ...(message.length === 0 ? [] : [renderPlain(message, WIDTH)]), footer.join('\n')]
  return `${parts.join('\n\n')}\n`
}

function htmlOf({ severity, label, title, message, footer }: Content): string {
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
<p style="margin:24px 0 0;padding:8px 0 0;border-top:1px solid #999999;font-size:12px;overflow-wrap:anywhere">${footer.map(escapeHtml).join('<br>')}</p>
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
