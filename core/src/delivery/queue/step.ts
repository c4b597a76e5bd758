import type { Conversation } from '../../notifications/conversation.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal, encodeSignal } from '../../signals/signal-json.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { MessageRow } from '../store/store-rows.ts'

/** A revision, or what people said of one, that waits for its turn. */
export function stepOf(
  key: string,
  { destination, told_revision, told_severity, rule, generation }: Conversation,
  head: SignalHead,
  line: string,
): MessageRow {
  const { id: signal, revision, severity, count, status } = head
  const grown = told_revision > 0 && severity > told_severity ? 'raised' : 'updated'
  const reason = status === 'acknowledged' || status === 'archived' ? status : revision === 1 ? 'opened' : grown
  const about = { key, destination, signal, revision, severity, count, status, reason, rule, generation } as const
  const untried = { attempt: 0, not_before: 0, backoff: 0, state: 'waiting', last_error: null, covers: null } as const
  return { ...about, tier: 0, body: lineOf(head, line), line: null, created: Date.now(), ...untried }
}

/** The line as it was told, with the status that people gave the signal since. One that cannot be read is left so: whoever makes a message of it says that. */
export function lineOf({ status }: SignalHead, line: string): string {
  if (status === 'open') return line
  try {
    return encodeSignal({ ...decodeSignal(line), status: status as Signal['status'] })
  } catch {
    return line
  }
}
