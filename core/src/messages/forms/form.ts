import { bounded } from '../../signals/bounded.ts'
import { escapeInvisible } from '../../signals/printable.ts'
import type { Signal } from '../../signals/signal.ts'
import type { Letter } from '../letter.ts'
import { cloudEvent } from './cloudevents.ts'
import { ecsDocument } from './ecs.ts'
import { detectionFinding } from './ocsf.ts'

/** Forms of a signal as JSON, for machines. `native`: as CWS writes it. */
export const forms = ['native', 'cloudevents', 'ocsf', 'ecs'] as const
export type Form = (typeof forms)[number]

interface Shape {
  readonly write: (letter: Letter) => object
  /** How its text begins: with what no other form has there. */
  readonly beginning: string
  /** Where the key of the delivery stands, as the form has it; the native one has none. */
  readonly key: readonly string[]
}

const SHAPES: Readonly<Record<Form, Shape>> = {
  native: { write: ({ signal }) => ({ kind: 'signal', ...signal }), beginning: '{"kind":"signal",', key: [] },
  cloudevents: { write: cloudEvent, beginning: '{"specversion":', key: ['id'] },
  ocsf: { write: detectionFinding, beginning: '{"category_uid":', key: ['metadata', 'uid'] },
  ecs: { write: ecsDocument, beginning: '{"@timestamp":', key: ['event', 'id'] },
}

/** A letter in a form, one line of JSON, with what could fool a reader escaped. Integers beyond 2^53 stay exact. With each tier above 0 it is shorter. */
export function writtenAs(form: Form, letter: Letter, tier = 0): string {
  const shorter = { ...letter, message: tier === 0 ? letter.message : [], signal: shortened(letter.signal, tier) }
  return escapeInvisible(JSON.stringify(SHAPES[form].write(shorter)))
}

/** The form of a text that `writtenAs` made: perhaps before the configuration was changed. Undefined: of none. */
export function formOf(text: string): Form | undefined {
  return forms.find((form) => text.startsWith(SHAPES[form].beginning))
}

/** Whether a text may be the beginning of one that `writtenAs` made. */
export function mayBecomeForm(text: string): boolean {
  return forms.some((form) => text.startsWith(SHAPES[form].beginning) || SHAPES[form].beginning.startsWith(text))
}

/** The key of the delivery that a text was made for; undefined where it names none, as the native form. */
export function keyIn(text: string): string | undefined {
  const form = formOf(text)
  if (form === undefined || form === 'native') return undefined
  try {
    let value: unknown = JSON.parse(text)
    for (const name of SHAPES[form].key) value = (value as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** What HTTP calls it. */
export function mediaTypeOf(text: string): string {
  return formOf(text) === 'cloudevents' ? 'application/cloudevents+json; charset=UTF-8' : 'application/json; charset=utf-8'
}

/** Bytes that the event may take where a receiver refused what was longer. */
const SHORT_EVENT_BYTES = 8 * 1024

/** The signal with less of what happened in it, where the receiver refused it whole: first a short event, then none. */
function shortened(signal: Signal, tier: number): Signal {
  if (tier === 0) return signal
  const { findings: _, ...rest } = signal
  const event = tier === 1 ? bounded(signal.event, SHORT_EVENT_BYTES) : { type: signal.event['type'] }
  const group = tier === 1 ? bounded(signal.group, SHORT_EVENT_BYTES) : {}
  return { ...rest, event, group, truncated: true }
}
