import { code, given, list, paragraph, said, strong } from '../messages/build.ts'
import type { Document } from '../messages/document.ts'
import { proseInlines } from '../messages/prose.ts'
import { cut, shownText } from '../messages/shown-value.ts'
import { rankOf } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'

/** Signals that one digest holds at most; what is more is the next one. */
export const MAX_IN_DIGEST = 100
const MAX_TEXT = 160

export const digestTitle = (count: number): string => `${count} signals of the quiet hours`

/** One message of several signals, the most severe first; `most`: how many have a line of their own. */
export function digestOf(signals: readonly Signal[], most: number): Document {
  const ranked = [...signals].sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || (a.id < b.id ? -1 : 1))
  const lines = ranked.slice(0, most).map(({ id, severity, title, message, host, count, last_seen: last }) => [
    strong(said(severity)),
    said(' '),
    given(shownText(title, MAX_TEXT)),
    said(' on '),
    given(shownText(host.name, MAX_TEXT)),
    said(`${count === 1 ? '' : `, ${count} events`}, ${last.slice(0, 16).replace('T', ' ')} UTC `),
    code(given(shownText(id, 64))),
    said(' '),
    // Many signals have the same title: what happened tells them apart.
    ...proseInlines(cut(message, MAX_TEXT)),
  ])
  const left = ranked.length - lines.length
  return [
    paragraph(strong(said(`${digestTitle(ranked.length)} `)), said('that were kept until now:')),
    list(...lines),
    ...(left > 0 ? [paragraph(said(`${left} more are not listed here.`))] : []),
    paragraph(said('Look further: '), code(said('cws signals list'))),
  ]
}
