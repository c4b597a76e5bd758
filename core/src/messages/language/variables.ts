import { UNKNOWN } from '../../model/unknown.ts'
import { rankOf } from '../../signals/severity.ts'
import { defaultMessage } from '../default-message.ts'
import type { Document, Inline } from '../document.ts'
import { lineageBlock } from '../lineage.ts'
import { proseInlines } from '../prose.ts'
import type { Subject, Value } from '../value.ts'

/** A name that templates know. docs/templates.md is made of these. */
export interface Variable {
  readonly doc: string
  readonly read: (subject: Subject) => Value
  /** How it looks in a line of text, where that is more than text. */
  readonly inlines?: (subject: Subject) => readonly Inline[]
  readonly list?: true
}

/** A name for several blocks: it stands in a paragraph of its own. */
export interface BlockVariable {
  readonly doc: string
  readonly make: (subject: Subject) => Document
}

export const variables: Readonly<Record<string, Variable>> = {
  title: { doc: 'What happened, in one line', read: ({ signal }) => signal.title },
  message: {
    doc: 'What happened, as the rule says it; what it has between backticks is code',
    read: ({ signal }) => signal.message,
    inlines: ({ signal }) => proseInlines(signal.message),
  },
  advice: {
    doc: 'What to do now',
    read: ({ signal }) => signal.advice,
    inlines: ({ signal }) => proseInlines(signal.advice),
  },
  severity: { doc: '`info`, `low`, `medium`, `high` or `critical`', read: ({ signal }) => signal.severity },
  severity_number: { doc: '0 for `info` to 4 for `critical`', read: ({ signal }) => rankOf(signal.severity) },
  status: { doc: '`open`, `acknowledged` or `archived`', read: ({ signal }) => signal.status },
  count: { doc: 'Findings so far', read: ({ signal }) => signal.count },
  events_matched: { doc: 'The same as `count`', read: ({ signal }) => signal.count },
  rule_id: { doc: 'Id of the rule', read: ({ signal }) => signal.rule.id },
  rule_name: { doc: 'Name of the rule', read: ({ signal }) => signal.rule.name },
  'rule.id': { doc: 'The same as `rule_id`', read: ({ signal }) => signal.rule.id },
  'rule.name': { doc: 'The same as `rule_name`', read: ({ signal }) => signal.rule.name },
  'host.name': { doc: 'Name of the host', read: ({ signal }) => signal.host.name },
  tags: { doc: 'Tags, for example `mitre:T1505.003`', list: true, read: ({ signal }) => signal.tags },
  first_seen: { doc: 'Time of the first finding, RFC 3339 in UTC', read: ({ signal }) => signal.first_seen },
  first_seen_epoch: { doc: 'The same in ms since 1970', read: ({ signal }) => epochOf(signal.first_seen) },
  last_seen: { doc: 'Time of the latest finding, RFC 3339 in UTC', read: ({ signal }) => signal.last_seen },
  last_seen_epoch: { doc: 'The same in ms since 1970', read: ({ signal }) => epochOf(signal.last_seen) },
  timestamp: { doc: 'Time at which the message was made, RFC 3339 in UTC', read: ({ occasion }) => occasion.time },
  timestamp_epoch: { doc: 'The same in ms since 1970', read: ({ occasion }) => epochOf(occasion.time) },
  signal_id: { doc: 'Id of the signal, for `cws signals show`', read: ({ signal }) => signal.id },
  revision: { doc: 'Number of the revision that is told', read: ({ signal }) => signal.revision },
  generation: {
    doc: '1; one more each time the signal was opened anew after it had been archived',
    read: ({ occasion }) => occasion.generation,
  },
  reason: {
    doc: 'Why it is told: `opened`, `updated`, `raised`, `repeat`, `escalated`, `acknowledged`, `archived`, `replayed`, `digest` or `test`',
    read: ({ occasion }) => occasion.reason,
  },
  notification: { doc: 'Name of the notification rule', read: ({ occasion }) => occasion.rule ?? UNKNOWN },
  event_type: { doc: 'Type of the first event, for example `exec`', read: ({ signal }) => text(signal.event['type']) },
  'event.type': { doc: 'The same as `event_type`', read: ({ signal }) => text(signal.event['type']) },
  folded: { doc: 'Whether this signal stands for many of one rule', read: ({ signal }) => signal.folded === true },
}

export const blockVariables: Readonly<Record<string, BlockVariable>> = {
  details: { doc: 'The message as it is without a template', make: defaultMessage },
  process_tree: {
    doc: 'The process that did it below those that it comes from, as code',
    make: ({ signal }) => {
      const block = lineageBlock(signal.event)
      return block ? [block] : []
    },
  },
}

const text = (value: unknown): Value => (typeof value === 'string' ? value : UNKNOWN)

function epochOf(time: string): Value {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? UNKNOWN : ms
}
