import { type Document, type Letter, printable, type Severity } from '@cws/core'
import { cut, shortened } from './cut.ts'
import { defang } from './defang.ts'
import { escapeHtml, html } from './html.ts'
import { plainText } from './plain.ts'
import { isAboutSignal } from './threads.ts'

/** Characters of the message by tier: a mailbox takes megabytes, but nobody reads them. */
const MESSAGE = [100_000, 10_000, 0] as const
const TITLE = 500
const NAME = 255
/** Characters of the subject; notify.md's budget. */
const SUBJECT = 200

/** Ground and ink of the severity's mark: contrast of at least 4.5 with each other, whatever is around them. */
const COLOURS: Readonly<Record<Severity, readonly [ground: string, ink: string]>> = {
  info: ['#5c6670', '#ffffff'],
  low: ['#2f6f9f', '#ffffff'],
  medium: ['#f2c037', '#000000'],
  high: ['#c2410c', '#ffffff'],
  critical: ['#a11212', '#ffffff'],
}

/** What a mail says, in the parts that text and HTML share. */
interface Content {
  readonly title: string
  /** Why it comes. */
  readonly why: string
  readonly message: Document
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly severity: Severity
}

/** `[HIGH] A program was run from memory (web1)`: the same in all mails about a signal while its severity is, for some mail programs thread by it. */
export function subjectOf({ reason, signal, title }: Letter): string {
  const mark = isAboutSignal(reason) ? signal.severity.toUpperCase() : reason
  const host = ` (${shortened(printable(signal.host.name), 60)})`
  const start = `[${mark}] `
  return start + shortened(printable(title), SUBJECT - start.length - host.length) + host
}

export interface Bodies {
  readonly text: string
  /** Absent in the plainest tier. */
  readonly html: string | undefined
}

/** `tier` 0: all. 1: the message is cut short. 2: nothing but the facts, as text. */
export function bodiesOf(letter: Letter, tier: number): Bodies {
  const content = contentOf(letter, MESSAGE[Math.min(tier, 2)] as number)
  return { text: textOf(content), html: tier < 2 ? htmlOf(content) : undefined }
}

function contentOf(letter: Letter, characters: number): Content {
  const { reason, signal, rule } = letter
  const message = characters === 0 ? [] : cut(letter.message, characters)
  const shown = (text: string): string => defang(shortened(printable(text), NAME))
  const content = { title: defang(shortened(printable(letter.title), TITLE)), why: whyOf(letter), message, severity: signal.severity }
  const host = ['Host', shown(signal.host.name)] as const
  if (!isAboutSignal(reason)) return { ...content, facts: [host] }
  const seen =
    signal.count === 1 ? time(signal.first_seen) : `${signal.count} times, ${time(signal.first_seen)} to ${time(signal.last_seen)}`
  return {
    ...content,
    facts: [
      ['Severity', signal.severity],
      host,
      ['Rule', `${shown(signal.rule.name)} (${shown(signal.rule.id)})`],
      ['Seen', seen],
      ['Status', signal.status],
      ...(rule === undefined ? [] : [['Sent by', `the notification rule "${shown(rule)}"`] as const]),
      ['More', `cws signals show ${shown(signal.id)}`],
    ],
  }
}

function whyOf({ reason, signal }: Letter): string {
  switch (reason) {
    case 'opened':
      return 'New'
    case 'updated':
      return `Seen ${signal.count} times so far`
    case 'raised':
      return `Now of severity ${signal.severity}`
    case 'repeat':
      return 'Still open'
    case 'escalated':
      return 'Nobody has acknowledged this yet'
    case 'acknowledged':
      return 'Acknowledged'
    case 'archived':
      return 'Archived'
    case 'replayed':
      return 'Sent once more because somebody asked for it'
    case 'digest':
      return 'What came in quiet hours'
    case 'notice':
      return 'About the notifications themselves'
    case 'test':
      return 'A test: nothing has happened'
  }
}

/** `2026-11-24 09:00:00 UTC` of a time in RFC 3339, UTC. */
function time(rfc3339: string): string {
  return `${printable(rfc3339.slice(0, 19)).replace('T', ' ')} UTC`
}

function textOf({ title, why, message, facts }: Content): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const table = facts.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n')
  return `${[`${why}: ${title}`, ...(message.length === 0 ? [] : [plainText(message)]), table].join('\n\n')}\n`
}

function htmlOf({ title, why, message, facts, severity }: Content): string {
  const [ground, ink] = COLOURS[severity]
  const badge = `display:inline-block;padding:2px 8px;border-radius:4px;font-weight:bold;background-color:${ground};color:${ink}`
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
<p style="margin:0 0 8px"><span style="${badge}">${severity.toUpperCase()}</span> ${escapeHtml(why)}</p>
<h1 style="margin:0 0 16px;font-size:20px;overflow-wrap:anywhere">${escapeHtml(title)}</h1>
${html(message)}
<table role="presentation" style="margin:16px 0 0;padding:8px 0 0;border-top:1px solid #999999;border-spacing:0;font-size:13px">
${rows.join('\n')}
</table>
</div>
</body>
</html>
`
}
