import { paragraph, said } from '../../messages/build.ts'
import { defaultMessage, fallbackDocument } from '../../messages/default-message.ts'
import type { Document } from '../../messages/document.ts'
import type { Letter, Reason } from '../../messages/letter.ts'
import { proseText } from '../../messages/prose.ts'
import type { Template } from '../../messages/template.ts'
import type { Occasion } from '../../messages/value.ts'
import { digestOf, digestTitle } from '../../notifications/digest.ts'
import type { Notifier } from '../../plugin/notifier.ts'
import type { Signal } from '../../signals/signal.ts'
import type { MessageRow } from '../store/store-rows.ts'

/** The notifier's own tiers are 0, 1, 2; the last is the fallback in its plainest form. */
export const LAST_TIER = 3
export const UNMADE = 4

/** Signals of a digest that have a line of their own; in the plainest form. */
const LISTED = 20
const LISTED_AT_LAST = 3

/** What a message is made of. */
export interface Draft {
  readonly key: string
  readonly destination: string
  readonly reason: Reason
  readonly rule: string | null
  readonly generation: number
  readonly receipt: string | null
  readonly signal: Signal
  readonly severity: number
  /** The signal's JSON line. */
  readonly line: string
  /** How many less severe signals are not told since this one is, or those of the digest are. */
  readonly kept: number
  /** Of a digest: all its signals. */
  readonly digest?: readonly Signal[] | undefined
}

/** What makes the bytes of a message. */
export interface Composer {
  readonly notifier: Notifier
  readonly template: Pick<Template, 'render'>
  /** Runs code of the notifier, so that it is known whose code runs, and whether it makes a message. */
  readonly within: <T>(code: () => T, making?: boolean) => T
  /** Hears of a form, or a template, that failed. */
  readonly onFault: (what: 'its template' | `tier ${number}`, error: unknown) => void
}

/**
 * Makes a message in the first form from `tier` on that can be made: what a notifier throws at costs the message its form, not its delivery. If none
 * can, its tier is `UNMADE` and its body the signal's line.
 */
export function composeMessage(draft: Draft, tier: number, composer: Composer): MessageRow {
  const row = unmade(draft)
  const { render: whole, shorten } = composer.notifier
  if (!whole && (tier === 0 || !shorten)) return { ...row, tier: 0 }
  for (let each = tier; each <= LAST_TIER; each++) {
    try {
      return { ...row, tier: each, body: render(draft, each, composer), line: row.body }
    } catch (error) {
      composer.onFault(`tier ${each}`, error)
    }
  }
  return row
}

/** The row of a message whose bytes are not made: its body is the signal's line. */
export function unmade({ key, destination, reason, rule, generation, signal, severity, line }: Draft): MessageRow {
  return {
    key,
    destination,
    signal: signal.id,
    revision: signal.revision,
    severity,
    count: signal.count,
    status: signal.status,
    reason,
    rule,
    generation,
    created: Date.now(),
    attempt: 0,
    not_before: 0,
    backoff: 0,
    state: 'failed',
    last_error: null,
    covers: null,
    tier: UNMADE,
    body: line,
    line: null,
  }
}

function render(draft: Draft, tier: number, composer: Composer): string {
  const { key, reason, rule, generation, receipt, signal, kept } = draft
  const occasion = { reason, rule: rule ?? undefined, generation, time: new Date().toISOString() }
  const letter: Letter = {
    ...occasion,
    key,
    signal,
    title: draft.digest ? digestTitle(draft.digest.length) : proseText(signal.title),
    message: messageFor(draft, occasion, tier, composer),
    receipt: receipt ?? undefined,
    kept: kept > 0 ? kept : undefined,
  }
  const { notifier, within } = composer
  const body: unknown = within(() => {
    const each = Math.min(tier, LAST_TIER - 1)
    return notifier.render ? notifier.render(letter, each) : notifier.shorten?.(letter, each)
  }, true)
  if (typeof body !== 'string')
    throw new TypeError(`${notifier.render ? 'render' : 'shorten'}(letter, tier) must return a text, but returned ${typeof body}`)
  return body
}

function messageFor({ signal, digest, kept }: Draft, occasion: Occasion, tier: number, composer: Composer): Document {
  // It is no signal that one could look up.
  if (occasion.reason === 'changed') return [paragraph(said(signal.message))]
  const ofOne = (): Document => (tier < LAST_TIER ? messageDocument(signal, occasion, composer) : fallbackDocument({ signal, occasion }))
  const message = digest ? digestOf(digest, tier < LAST_TIER ? LISTED : LISTED_AT_LAST) : ofOne()
  return kept > 0 ? [...message, paragraph(said(keptText(kept, digest ? 'these are' : 'this one is')))] : message
}

const keptText = (count: number, open: string): string =>
  `${count} less severe ${count === 1 ? 'signal' : 'signals'} of the same processes or container ${count === 1 ? 'is' : 'are'} not told while ${open} open.`

/** A template that fails costs the message its words, not its delivery, and says so. */
export function messageDocument(
  signal: Signal,
  occasion: Occasion,
  { template, onFault }: Pick<Composer, 'template' | 'onFault'>,
): Document {
  try {
    return template.render(signal, occasion)
  } catch (error) {
    onFault('its template', error)
    const failed = { type: 'text', text: 'The template of this message failed; this is the usual one.', value: false } as const
    return [{ type: 'paragraph', children: [failed] }, ...defaultMessage({ signal, occasion })]
  }
}
