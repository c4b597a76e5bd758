import { CwsError } from '../../errors/cws-error.ts'
import { lastKeyOf } from '../../notifications/conversation.ts'
import type { SignalStore } from '../store/store.ts'
import type { DestinationQueue } from './destination-queue.ts'

const FORM = /^([0-9A-HJKMNP-TV-Z]{26}):(\d{1,15}):([\w.-]{1,64})(?::(\d{1,15}))?$/

interface Found {
  readonly key: string
  readonly signal: string
  readonly queue: DestinationQueue
}

/**
 * What is told once more when this key is replayed. Only the last key of a conversation can be: so a command that runs twice tells once.
 * @throws CwsError CWS_ERR_USAGE
 */
export function replayKey(
  given: unknown,
  { store, queueOf }: { readonly store: SignalStore; readonly queueOf: (name: string) => DestinationQueue },
): Found {
  const [key, signal = '', revision, destination = '', count = '1'] = (typeof given === 'string' ? FORM.exec(given) : null) ?? []
  if (key === undefined)
    throw new CwsError(
      'CWS_ERR_USAGE',
      `a key is <signal>:<revision>:<destination>, or that with :<n>, but ${JSON.stringify(given ?? null)} was given`,
      {
        hint: '`cws notify outbox` shows the keys of what is owed and of what was refused; receivers are given the key with each message',
      },
    )
  const queue = queueOf(destination)
  const conversation = store.conversation(signal, destination)
  const last = conversation && lastKeyOf(conversation)
  if (!conversation || last === undefined)
    throw new CwsError('CWS_ERR_USAGE', `"${destination}" was never told of a signal ${signal}, or it has left the store`)
  if (store.message(key)) throw new CwsError('CWS_ERR_USAGE', `${key} is still owed: it is tried until it arrives`)
  const { key_revision, key_count } = conversation
  if (Number(revision) === key_revision && Number(count) === key_count) return { key, signal, queue }
  const isLater = Number(revision) > key_revision || (Number(revision) === key_revision && Number(count) > key_count)
  throw new CwsError(
    'CWS_ERR_USAGE',
    isLater ? `there was no message ${key}: the last one was ${last}` : `${key} was followed by ${last} since: replay that one`,
  )
}
