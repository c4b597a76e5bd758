import type { DestinationView } from '../../delivery/control/destination-view.ts'
import type { HeartbeatCounters } from '../../delivery/protocol.ts'
import { durationText } from '../../notifications/duration.ts'
import { type Cell, styled } from '../output.ts'
import { when } from '../signal-rows.ts'

/** How a destination is: green only where it takes everything. */
export function stateCell(destination: Pick<DestinationView, 'state' | 'failed' | 'refused' | 'template_failures'>): Cell {
  const { state, failed, refused, template_failures: wordless } = destination
  const refusals = refused ?? 0
  const others = (failed ?? 0) - refusals
  const lost = [
    ...(refusals > 0 ? [`refused ${refusals}`] : []),
    ...(others > 0 ? [`${others} given up`] : []),
    ...(wordless ? [`${wordless} without ${wordless === 1 ? 'its' : 'their'} template`] : []),
  ]
  const text = [state === 'stopped' ? 'no agent runs' : state, ...lost].join(', ')
  if (state === 'stopped') return styled('dim', text)
  if (state === 'broken' || state === 'failed') return styled('red', text)
  return styled(state === 'ok' && lost.length === 0 ? 'green' : 'yellow', text)
}

/** The last error of a destination, with its time where that is known; nothing where there is none. */
export function errorText(error: string | null | undefined, at: string | null | undefined): string {
  if (error === null || error === undefined) return ''
  return at ? `last error ${when(at)}, ${durationText(Date.now() - Date.parse(at))} ago: ${error}` : `last error: ${error}`
}

/** A destination: how it is, what became of messages, and what it said last where not all is well. */
export function destinationRow(destination: DestinationView): readonly Cell[] {
  const {
    name,
    state,
    delivered,
    failed,
    pending,
    held_back: held,
    last_error: error,
    last_error_at: at,
    template_error: template,
  } = destination
  const owed = `${pending} owed${held > 0 ? `, ${held} held back by its rate` : ''}`
  const counts = delivered === null ? [owed] : [`${delivered} delivered`, `${failed} failed`, owed]
  // What a destination that takes all had once is past.
  const isPast = state === 'ok' && failed === 0
  const errors = [isPast ? '' : errorText(error, at), template === null ? '' : `last template that failed: ${template}`]
  return [name, stateCell(destination), counts.join(', '), errors.filter((each) => each !== '').join('; ')]
}

const BEATS = { sent: ['green', 'ok'], withheld: ['red', 'withheld'], failed: ['yellow', 'not heard'] } as const

/** The watcher outside, as a row beside destinations. */
export function heartbeatRow({ last, sent, withheld, failed, reasons }: HeartbeatCounters): readonly Cell[] {
  const [style, text] = last === null ? (['dim', 'no beat yet'] as const) : BEATS[last]
  return ['heartbeat', styled(style, text), `${sent} sent, ${withheld} withheld, ${failed} not heard`, reasons.join('; ')]
}
