import type { Conversation } from '../../notifications/conversation.ts'
import { coveredBy } from '../queue/covered.ts'
import type { SignalStore } from '../store/store.ts'
import type { LostWords } from './lost-words.ts'

/** How long what is owed to a destination that is not there any more waits for it to come back. */
const ABSENT_DAYS = 7
const ABSENT_MS = ABSENT_DAYS * 24 * 3600_000
const GONE = `its destination was not among the plugins for ${ABSENT_DAYS} days`

/** The same in words, for the log. */
export const howAbsentWait = `they wait until it is again; what has waited for ${ABSENT_DAYS} days when the agent starts is given up`

/** How many signals are owed to a destination that is not listed. What has waited for so long is given up. `now`: of the steady clock. */
export function stillOwed(name: string, store: SignalStore, now: number, lost: LostWords): number {
  const signals = new Set<string>()
  const at = Date.now()
  for (const message of store.messages(name)) {
    const { key, signal, revision, body, created, reason } = message
    if (at - created < ABSENT_MS) signals.add(signal)
    else {
      const untold = [signal, ...coveredBy(message).map((each) => each.signal)]
      const told = reason === 'notice' || reason === 'changed' ? undefined : lost.lose(name, untold, GONE)
      store.write({
        op: 'settle',
        key,
        conversations: [],
        dead: { key, destination: name, signal, revision, body, reason: GONE, at, in_part: 0 },
      })
      told?.()
    }
  }
  const late: Conversation[] = []
  for (const { conversation } of store.pending(name, false)) {
    if (now - conversation.changed_at < ABSENT_MS) signals.add(conversation.signal)
    else late.push({ ...conversation, due: null })
  }
  if (late.length === 0) return signals.size
  const ids = late.map(({ signal }) => signal)
  const told = lost.lose(name, ids, GONE)
  store.write({ op: 'converse', conversations: late })
  told()
  return signals.size
}
