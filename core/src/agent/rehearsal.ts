import type { BaseEvent } from '../model/event-class.ts'
import type { Finding } from '../signals/finding.ts'
import { Grouping } from '../signals/grouping.ts'
import type { SignalLine } from '../signals/signal-line.ts'

/** Until V8 has compiled what a signal needs; then a signal takes a tenth of what the first one took. */
const ROUNDS = 300
const MOST_MS = 200

/**
 * Makes signals of the self-test's event that nobody hears of, so that the first real one is as fast as those after it. `play` hands one to
 * the delivery thread, which does with it what can be undone.
 */
export function rehearse(host: string, event: BaseEvent, play: (signal: SignalLine) => void): void {
  const grouping = new Grouping({ host, emit: play })
  const end = performance.now() + MOST_MS
  for (let round = 0; round < ROUNDS && performance.now() < end; round++) grouping.add(findingOf(round), event)
  grouping.close()
}

const findingOf = (round: number): Finding => ({
  rule: `agent-rehearsal-${round}`,
  severity: 'low',
  title: 'A rehearsal',
  message: '{{author}} rehearses.',
  advice: 'None is needed.',
})
