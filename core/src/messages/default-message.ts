import { UNKNOWN } from '../model/unknown.ts'
import type { Signal } from '../signals/signal.ts'
import { code, given, list, paragraph, said, strong } from './build.ts'
import type { Block, Document, Inline } from './document.ts'
import { lineageBlock, object, userOf } from './lineage.ts'
import { proseInlines } from './prose.ts'
import { shownText, shownValue } from './shown-value.ts'
import type { Subject, Value } from './value.ts'

const MAX_TAGS = 12
const CONTAINER_ID = 12
/** Fields that the message has another place for. */
const SHOWN_ELSEWHERE = new Set(['container.id', 'process.file.path', 'process.user', 'process.uid'])

/**
 * What is told of a signal where no template says otherwise: why it is told, what happened, who did it, where and when, what to do, how to look
 * further. Title and severity are left to the channel, which has places of its own for them.
 */
export function defaultMessage({ signal, occasion }: Subject): Document {
  const why = whyOf({ signal, occasion })
  const lineage = lineageBlock(signal.event)
  const brief = occasion.reason === 'acknowledged' || occasion.reason === 'archived'
  return [
    ...(why.length > 0 ? [paragraph(...why)] : []),
    ...whatOf(signal),
    ...(lineage && !brief ? [lineage] : []),
    list(...factsOf(signal)),
    ...(brief || signal.advice === '' ? [] : [paragraph(strong(said('What to do: ')), ...proseInlines(signal.advice))]),
    furtherOf(signal),
  ]
}

/** The little that can be told of any signal: for when a template fails. `why` is said in its first line. */
export function fallbackDocument({ signal }: Subject, why?: string): Document {
  return [
    ...(why === undefined ? [] : [paragraph(said(shownText(why, 500)))]),
    paragraph(
      strong(said(signal.severity)),
      said(' · '),
      given(shownText(signal.rule.id, 200)),
      said(' on '),
      given(shownText(signal.host.name, 200)),
      said(`, ${signal.count} ${signal.count === 1 ? 'event' : 'events'}, ${signal.status}`),
    ),
    furtherOf(signal),
  ]
}

/** Why it is told, where that is not that it is new. */
function whyOf({ signal, occasion }: Subject): Inline[] {
  const times = `${signal.count} ${signal.count === 1 ? 'event' : 'events'} so far`
  switch (occasion.reason) {
    case 'opened':
      return occasion.generation > 1 ? [strong(said('It is back')), said(' after it had been archived.')] : []
    case 'updated':
      return [strong(said('It goes on: ')), said(`${times}.`)]
    case 'raised':
      return [strong(said('It has become more severe: ')), said(`it is ${signal.severity} now, ${times}.`)]
    case 'repeat':
      return [strong(said('It is still open')), said(` since ${timeText(signal.first_seen)}, ${times}.`)]
    case 'escalated':
      return [strong(said('Nobody has acknowledged it')), said(` since ${timeText(signal.first_seen)}, ${times}.`)]
    case 'acknowledged':
      return [strong(said('Acknowledged: ')), said('somebody looks into it.')]
    case 'archived':
      return [strong(said('Archived: ')), said('it has been dealt with.')]
    case 'replayed':
      return [strong(said('Told again')), said(' because somebody asked for it.')]
    case 'digest':
      return [strong(said('It came in quiet hours.'))]
    case 'test':
      return [strong(said('This is a test')), said(' of the way that notifications go. Nothing has happened.')]
    case 'notice':
      return []
  }
}

function whatOf({ message, title }: Signal): Block[] {
  const what = message === '' ? title : message
  return what === '' ? [] : [paragraph(...proseInlines(what))]
}

function factsOf(signal: Signal): Inline[][] {
  const facts: [name: string, ...value: Inline[]][] = [['Host', given(shownText(signal.host.name, 200))]]
  const container = object(signal.event['container'])?.['id']
  if (typeof container === 'string' && container !== '')
    facts.push(['Container', code(given(shownText(container.slice(0, CONTAINER_ID), 64)))])
  const process = object(signal.event['process'])
  const program = process && object(process['file'])?.['path']
  if (process && typeof program === 'string' && program !== '') {
    const user = userOf(process)
    facts.push(['Program', code(given(shownText(program, 512))), ...(user === '' ? [] : [said(' as '), given(user)])])
  }
  for (const [field, value] of Object.entries(signal.group)) {
    if (SHOWN_ELSEWHERE.has(field) || value === null || value === '') continue
    facts.push([shownText(field, 100), code(given(shownValue(toldValue(value))))])
  }
  facts.push(['When', said(spanText(signal))])
  if (signal.count > 1) facts.push(['Events', said(String(signal.count))])
  facts.push(['Rule', code(given(shownText(signal.rule.id, 200))), ...tagsOf(signal)])
  return facts.map(([name, ...value]) => [strong(said(`${name}: `)), ...value])
}

function tagsOf({ tags }: Signal): Inline[] {
  return tags.length === 0 ? [] : [said(' · '), given(shownValue(tags.slice(0, MAX_TAGS)))]
}

function toldValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(toldValue)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? value : UNKNOWN
}

function spanText({ first_seen, last_seen }: Signal): string {
  const from = timeText(first_seen)
  const to = timeText(last_seen)
  if (from === to) return from
  const sameDay = from.slice(0, 10) === to.slice(0, 10)
  return `${from.replace(' UTC', '')} – ${sameDay ? to.slice(11) : to}`
}

/** `2026-11-30 03:21:47 UTC`; what is no time stays as it is. */
function timeText(time: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(time)
  return match ? `${match[1]} ${match[2]} UTC` : shownText(time, 64)
}

function furtherOf({ id }: Signal): Block {
  return paragraph(said('Look further: '), code(said('cws signals show '), given(shownText(id, 64))))
}
