import type { Conversation } from '../../notifications/conversation.ts'
import { rankOf, severities } from '../../signals/severity.ts'
import type { Judgement, SignalJudge } from '../control/signal-queries.ts'
import type { DeliveryLog } from '../log.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { SignalStore } from '../store/store.ts'
import type { Change } from './change-notices.ts'
import { subjects } from './notice-kinds.ts'
import { titleIn } from './title-in.ts'

const HIGH = rankOf('high')

interface Parts {
  readonly store: SignalStore
  readonly log: DeliveryLog | undefined
  readonly queue: (name: string) => DestinationQueue | undefined
  /** Tells what is owed as notices. */
  readonly tell: () => void
}

/** Stores what people say of signals, and tells who was told of them. */
export function judging(parts: Parts): SignalJudge {
  const { store, tell } = parts
  return {
    signals: (...args) => store.signals(...args),
    signal: (id) => store.signal(id),
    evidence: (signal) => store.evidence(signal),
    write: (judgement) => {
      const { op, signal, status } = judgement
      const notices = withdrawn(judgement, parts)
      store.write({ op, signal, status, notices })
      tellJudged(signal, parts)
      if (notices.length > 0) tell()
    },
  }
}

/** Of what is grave those hear who were owed its first word, and are not told it since a member of the group has judged it. */
function withdrawn({ signal: id, status, operator }: Judgement, { store, queue }: Parts): readonly Change[] {
  const row = store.signal(id)
  if (operator === undefined || row?.status !== 'open' || row.severity < HIGH) return []
  const title = titleIn(row.body)
  const text = `${new Date().toISOString()}, ${operator}: ${id}, ${severities[row.severity]}, was ${status} before you were told${title}.`
  const owed = store.conversations(id).filter((each) => isUntold(each) && queue(each.destination)?.tellsEach === false)
  return owed.map(({ destination }) => ({
    destination,
    subject: subjects.judged,
    title: `Before you were told it was ${status}${title === '' ? `: ${id}` : title}`,
    text,
    weight: row.severity,
  }))
}

function tellJudged(id: string, { store, queue: queueOf, log }: Parts): void {
  const row = store.signal(id)
  if (!row) return
  for (const conversation of store.conversations(id)) {
    const queue = queueOf(conversation.destination)
    if (!queue) continue
    const planned = queue.plan(conversation, row, row.body)
    const { step } = planned
    if (isUntold(conversation) && !planned.decision && !step)
      log?.info({ signal: id, destination: queue.name }, `not told: it was ${row.status} before its first word was due`)
    const conversations = [planned.conversation]
    store.write(step ? { op: 'claim', message: step, conversations } : { op: 'converse', conversations })
    queue.take(planned)
  }
}

/** Its first word, or that it opened anew, is owed. A try in vain is no word; should it have arrived, one is too many. */
const isUntold = ({ opened_at, told_revision, told_status, kept_by }: Conversation): boolean =>
  opened_at !== null && kept_by === null && (told_revision === 0 || told_status === 'archived')
