import { given, paragraph } from '../messages/build.ts'
import type { Letter } from '../messages/letter.ts'
import type { Signal } from '../signals/signal.ts'

/** A signal as the agent makes them, with what matters to a test in its place. */
export function sampleSignal(over: Partial<Signal> = {}): Signal {
  return {
    id: '01JDEXAMPLE0000000000000AA',
    revision: 1,
    rule: { id: 'exec-from-memory-fs', name: 'A program was run from memory' },
    severity: 'high',
    status: 'open',
    title: 'A program was run from memory',
    message: '`/dev/shm/x` was executed.',
    advice: 'Look at what it is.',
    first_seen: '2026-11-24T09:00:00.000000000Z',
    last_seen: '2026-11-24T09:00:00.000000000Z',
    count: 1,
    tags: ['mitre:T1059'],
    host: { name: 'test' },
    group: { 'exec.file.path': '/dev/shm/x' },
    event: { type: 'exec', exec: { file: { path: '/dev/shm/x' } } },
    ...over,
  }
}

/** A letter of a sample signal, or of the one that is given, with the signal's message as one paragraph. */
export function sampleLetter(over: Partial<Letter> = {}): Letter {
  const { signal = sampleSignal() } = over
  return {
    key: `${signal.id}:${signal.revision}:team`,
    reason: 'opened',
    rule: undefined,
    signal,
    title: signal.title,
    message: [paragraph(given(signal.message))],
    generation: 1,
    receipt: undefined,
    time: signal.last_seen,
    ...over,
  }
}
