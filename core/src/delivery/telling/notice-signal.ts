import { hostname } from 'node:os'
import type { Signal } from '../../signals/signal.ts'
import { ulid } from '../../signals/ulid.ts'

/** A signal of the agent's own, about its notifications: what is told with the reason `notice`. */
export function noticeSignal(
  about: Pick<Signal, 'rule' | 'severity' | 'title' | 'message' | 'advice' | 'count' | 'group'>,
  now = new Date(),
): Signal {
  const time = now.toISOString()
  return {
    id: ulid(now.getTime()),
    revision: 1,
    status: 'open',
    first_seen: time,
    last_seen: time,
    tags: [],
    host: { name: hostname() },
    event: { type: 'agent.notifications' },
    ...about,
  }
}
