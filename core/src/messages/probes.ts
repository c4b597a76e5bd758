import type { Signal } from '../signals/signal.ts'
import type { Subject } from './value.ts'

/** A signal of which nothing is known but what every signal has. */
export const bareSignal: Signal = {
  id: '01J00000000000000000000000',
  revision: 1,
  rule: { id: 'a-rule', name: 'A rule' },
  severity: 'high',
  status: 'open',
  title: 'What happened',
  message: 'What happened.',
  advice: '',
  first_seen: '2026-01-02T03:04:05.000000000Z',
  last_seen: '2026-01-02T03:04:06.000000000Z',
  count: 1,
  tags: [],
  host: { name: 'a-host' },
  group: {},
  event: {},
}

export function bareSubject(signal = bareSignal): Subject {
  return { signal, occasion: { reason: 'opened', rule: undefined, generation: 1, time: signal.last_seen } }
}
