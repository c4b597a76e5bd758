import type { Letter } from '@cws/core'
import { defaultMessage } from '../../core/src/messages/default-message.ts'
import { shellSignal } from '../../core/test/fixtures/shell-signal.ts'

/** What all pictures show: one signal, told for the first time, in the words that are used where no template says otherwise. */
export const letter: Letter = {
  key: `${shellSignal.id}:${shellSignal.revision}:pictures`,
  reason: 'opened',
  rule: 'Tell the team',
  signal: shellSignal,
  title: shellSignal.title,
  message: defaultMessage({
    signal: shellSignal,
    occasion: { reason: 'opened', rule: 'Tell the team', generation: 1, time: shellSignal.last_seen },
  }),
  generation: 1,
  receipt: undefined,
  time: shellSignal.last_seen,
}
