import type { Outcome } from '@cws/core'
import type { SlackRequest } from '../request.ts'

/** Sends what was rendered, by one of the two ways. */
export interface Sender {
  /** `receipt`: where the last message about the signal is, as this sender wrote it. */
  send(request: SlackRequest, receipt: string | undefined, stop: AbortSignal): Promise<Outcome>
}
