import type { Conversation } from '../../notifications/conversation.ts'
import { coveredBy } from '../queue/covered.ts'
import type { SignalStore } from '../store/store.ts'
import type { LostWords } from './lost-words.ts'

/** How long what is owed to a destination that is not there any more waits for it to come back, ms. */
const ABSENT_MS = 7 * 24 * 3600_000
const GONE = 'its destination was not among the plugins for a week'

/** How many signals are owed to a destination that is not listed. What has waited for a week is given up. `now`: of the steady clock. */
export function stillOwed(name: string, store: SignalStore, now: number, lost: LostWords): number {
  const signals = new Set<string>()
  const at = Date.now()
  for (const message of store.messages(name)) {
    const { key, signal, revision, body, created, reason } = message
    if (at - created < ABSENT_MS) signals.add(signal)
    else {
      const untold = [signal, ...coveredBy(message).map((each) => each.signal)]
      const told = reason === 'notice' || reason === 'changed' ? undefined : lost.lose(name, untold, GONE)
      store.write({ op: 'settle', key, conversations: [], dead: { key, destination: name, signal, revision, body, reason: GONE, at } })
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
