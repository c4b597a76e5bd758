import { createHash } from 'node:crypto'
import type { Letter } from '@cws/core'
import { type Address, domainOf, headerForm } from './address.ts'
import { bodiesOf, subjectOf } from './content.ts'
import { folded, textHeader } from './header.ts'
import { quotedPrintable } from './quoted-printable.ts'
import { idsOf, isAboutSignal } from './threads.ts'

/** Who writes to whom, as the headers show it: of the options alone. */
export interface Correspondents {
  readonly from: Address
  readonly to: readonly Address[]
  readonly replyTo: Address | undefined
}

/** How every mail begins. */
const START = 'MIME-Version: 1.0\r\n'

/** Whether this was made by `mailOf`: what is delivered where no message could be made is the signal itself. */
export function isMail(text: string): boolean {
  return text.startsWith(START)
}

/**
 * The whole message, as its bytes go out (RFC 5322): ASCII, CRLF, no line over 78 characters but for the name of a header whose word is longer.
 * It depends on nothing but its arguments. Of the letter only the subject and the bodies hold what an attacker may have chosen.
 */
export function mailOf(letter: Letter, tier: number, { from, to, replyTo }: Correspondents): string {
  const domain = domainOf(from)
  const { id, root } = idsOf(letter, domain)
  const { severity } = letter.signal
  const urgent = isAboutSignal(letter.reason) && (severity === 'critical' || severity === 'high')
  const headers = [
    folded('Date', [date(letter.time)]),
    folded('Message-ID', [id]),
    ...(root === undefined ? [] : [folded('In-Reply-To', [root]), folded('References', [root])]),
    addresses('From', [from]),
    addresses('To', to),
    ...(replyTo === undefined ? [] : [addresses('Reply-To', [replyTo])]),
    textHeader('Subject', subjectOf(letter)),
    // Nobody is to answer by a machine, or to take it for a person's mail (RFC 3834; the other two are what Exchange and old programs know).
    'Auto-Submitted: auto-generated',
    'X-Auto-Response-Suppress: All',
    'Precedence: bulk',
    folded('List-Id', ['CWS', `<cws.${domain}>`]),
    ...(urgent ? ['Importance: high'] : []),
    `X-CWS-Severity: ${severity}`,
    `X-CWS-Reason: ${letter.reason}`,
  ]
  return `${START}${headers.join('\r\n')}\r\n${content(letter, tier)}`
}

function content(letter: Letter, tier: number): string {
  const { text, html } = bodiesOf(letter, tier)
  if (html === undefined) return part('text/plain', text)
  // In no body: there an equals sign is followed by two digits or the line's end.
  const boundary = `=_${createHash('sha256').update(`boundary ${letter.key}`).digest('hex').slice(0, 32)}`
  return [
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n`,
    `--${boundary}`,
    part('text/plain', text),
    `--${boundary}`,
    part('text/html', html),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

function part(type: string, body: string): string {
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(body)}`
}

function addresses(name: string, list: readonly Address[]): string {
  return `${name}: ${list.map(headerForm).join(',\r\n ')}`
}

/** `Tue, 24 Nov 2026 09:00:00 +0000` (RFC 5322 §3.3). */
function date(rfc3339: string): string {
  const at = new Date(rfc3339)
  if (Number.isNaN(at.getTime())) throw new RangeError('the time of a letter is no RFC 3339')
  return at.toUTCString().replace('GMT', '+0000')
}
