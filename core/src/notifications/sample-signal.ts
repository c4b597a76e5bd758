import type { Signal } from '../signals/signal.ts'
import { ulid } from '../signals/ulid.ts'

/** What is told when somebody asks whether messages arrive. It is stored nowhere. */
export function sampleSignal(host: string, now = new Date()): Signal {
  const time = now.toISOString()
  return {
    id: ulid(now.getTime()),
    revision: 1,
    rule: { id: 'notification-test', name: 'Test of a notification' },
    severity: 'info',
    status: 'open',
    title: 'A test of this notification',
    message: 'Somebody asked with `cws notify test` whether messages arrive here. Nothing has happened.',
    advice: 'Nothing is to be done.',
    first_seen: time,
    last_seen: time,
    count: 1,
    tags: ['test'],
    host: { name: host },
    group: {},
    event: {
      type: 'exec',
      event: { timestamp: time },
      process: {
        args: 'notify test',
        file: { name: 'cws', path: '/usr/bin/cws' },
        ancestors: [{ file: { name: 'bash', path: '/usr/bin/bash' } }, { file: { name: 'sshd', path: '/usr/sbin/sshd' } }],
      },
    },
  }
}
