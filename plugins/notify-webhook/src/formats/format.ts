import { bounded, escapeInvisible, type Letter, type Signal } from '@cws/core'
import { cloudEvent } from './cloudevents.ts'
import { ecsDocument } from './ecs.ts'
import { detectionFinding } from './ocsf.ts'

/** `native`: the signal as CWS writes it. */
export const formats = ['native', 'cloudevents', 'ocsf', 'ecs'] as const
export type Format = (typeof formats)[number]

const WRITERS: Readonly<Record<Format, (letter: Letter) => object>> = {
  native: ({ signal }) => ({ kind: 'signal', ...signal }),
  cloudevents: cloudEvent,
  ocsf: detectionFinding,
  ecs: ecsDocument,
}

/** Of a body as it was stored: its form may have been chosen before the configuration was changed. */
export function contentTypeOf(body: string): string {
  return body.startsWith('{"specversion":') ? 'application/cloudevents+json; charset=UTF-8' : 'application/json; charset=utf-8'
}

/** The body in that form, with what could fool a reader escaped. Integers beyond 2^53 stay exact. */
export function written(format: Format, letter: Letter, tier: number): string {
  return escapeInvisible(
    JSON.stringify(WRITERS[format]({ ...letter, message: tier === 0 ? letter.message : [], signal: shortened(letter.signal, tier) })),
  )
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
