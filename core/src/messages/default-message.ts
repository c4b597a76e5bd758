import type { Evidence } from '../signals/finding.ts'
import type { Signal } from '../signals/signal.ts'
import { code, given, list, paragraph, said, strong } from './build.ts'
import type { Block, Document, Inline, Text } from './document.ts'
import { LINEAGE_FIELDS, lineageBlock, object, userOf } from './lineage.ts'
import { proseInlines } from './prose.ts'
import { shownText, shownValue, toldValue } from './shown-value.ts'
import type { Subject } from './value.ts'

const CONTAINER_ID = 12
const MAX_EVIDENCE = 8
const MAX_FACTS = 3
/** Fields that the message has another place for. */
const SHOWN_ELSEWHERE = new Set(['container.id', 'process.file.path', 'process.user', 'process.uid'])

/** Fields of the event that it reads. */
export const DEFAULT_FIELDS: readonly string[] = ['container.id', ...LINEAGE_FIELDS, 'process.file.path']

/**
 * What is told of a signal where no template says otherwise: what happened, who did it, where, what to do, how to look further. Why it is told, title,
 * severity, host, times, count and rule are left to the channel, which has places of its own for them.
 */
export function defaultMessage({ signal, occasion }: Subject): Document {
  // Who hears that somebody else has judged it need not do anything.
  const judged = occasion.reason === 'acknowledged' || occasion.reason === 'archived'
  return [...backAgain({ signal, occasion }), ...whatOf(signal), ...(judged ? [] : detailsOf(signal)), furtherOf(signal)]
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

function backAgain({ occasion: { reason, generation } }: Subject): Block[] {
  return reason === 'opened' && generation > 1 ? [paragraph(strong(said('It is back')), said(' after it had been archived.'))] : []
}

function whatOf({ message, title }: Signal): Block[] {
  const what = message === '' ? title : message
  return what === '' ? [] : [paragraph(...proseInlines(what))]
}

function detailsOf(signal: Signal): Block[] {
  const lineage = lineageBlock(signal.event)
  const facts = factsOf(signal)
  const { findings = [], advice } = signal
  return [
    ...(lineage ? [lineage] : []),
    ...(findings.length > 0 ? [paragraph(strong(said('Concluded from:'))), list(...findings.slice(0, MAX_EVIDENCE).map(evidence))] : []),
    ...(findings.length > MAX_EVIDENCE ? [paragraph(said(`and ${findings.length - MAX_EVIDENCE} more`))] : []),
    ...(facts.length > 0 ? [list(...facts)] : []),
    ...(advice === '' ? [] : [paragraph(strong(said('What to do: ')), ...proseInlines(advice))]),
  ]
}

/** Where it was, and what makes it one signal. */
function factsOf({ event, group }: Signal): Inline[][] {
  const facts: [name: Text, ...value: Inline[]][] = []
  const container = object(event['container'])?.['id']
  if (typeof container === 'string' && container !== '')
    facts.push([said('Container'), code(given(shownText(container.slice(0, CONTAINER_ID), CONTAINER_ID)))])
  const process = object(event['process'])
  const program = process && object(process['file'])?.['path']
  if (process && typeof program === 'string' && program !== '') {
    const user = userOf(process)
    facts.push([said('Program'), code(given(shownText(program, 512))), ...(user === '' ? [] : [said(' as '), given(user)])])
  }
  for (const [field, value] of Object.entries(group)) {
    if (SHOWN_ELSEWHERE.has(field) || value === null || value === '') continue
    facts.push([nameOf(field), code(given(shownValue(toldValue(value))))])
  }
  return facts.map(([name, ...value]) => [strong(name, said(': ')), ...value])
}

/** What the fields that signals are grouped by begin with. Known here by name, for the model is large. */
const MODEL_FIELD = /^(?:process|container|exec|open|change|exit|agent)(?:\.[a-z_]{1,40}){1,6}$/

/** Of a field, as the model writes it, it is a word of ours. Whatever else a finding brings is a value. */
function nameOf(field: string): Text {
  return MODEL_FIELD.test(field) ? said(field) : given(shownText(field, 100))
}

/** `03:00:01 uploaded-file: open.file.path /srv/x` */
function evidence({ rule, timestamp, fields }: Evidence): Inline[] {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== '')
    .slice(0, MAX_FACTS)
    .flatMap(([name, value], i): Inline[] => [
      said(i === 0 ? ': ' : ', '),
      nameOf(name),
      said(' '),
      code(given(shownValue(toldValue(value), { text: 128, whole: 256 }))),
    ])
  return [said(/T(\d\d:\d\d:\d\d)/.exec(timestamp)?.[1] ?? ''), said(' '), given(shownText(rule, 100)), ...facts]
}

function furtherOf({ id }: Signal): Block {
  return paragraph(said('Look further: '), code(said('cws signals show '), given(shownText(id, 64))))
}
