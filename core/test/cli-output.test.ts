import { expect, test } from 'vitest'
import { eventText } from '../src/cli/event-text.ts'
import { toJson } from '../src/cli/output.ts'
import { errorText, exitCodeOf } from '../src/cli/report-error.ts'
import { CwsError } from '../src/errors/cws-error.ts'

test('an exec as a line for a person; hostile bytes cannot act', () => {
  const process = { pid: 7, comm: 'sh\u001b[2J', uid: 0, parent: { comm: 'nginx' }, file: { path: '/bin/sh' }, args: '-c \u202eid\n' }
  const text = eventText(JSON.stringify({ kind: 'event', type: 'exec', timestamp: '2026-01-02T03:04:05.678901234Z', process }))
  expect(text).toBe('03:04:05.678 exec   sh\\u{1b}[2J[7] uid=0 parent=nginx /bin/sh -c \\u{202e}id\\u{a}\n')
})

test('an event of any type shows its own known fields', () => {
  const text = eventText(
    JSON.stringify({
      kind: 'event',
      type: 'agent.lost_events',
      timestamp: null,
      agent: { lost_events: { event: 'exec', count: 3, since: null } },
    }),
  )
  expect(text).toBe(' agent.lost_events event=exec count=3\n')
})

test('whole numbers of any size are numbers in JSON', () => {
  expect(toJson({ inode: 18446744073709551615n })).toBe('{"inode":18446744073709551615}')
})

test('errors end with the documented code and say what to do', () => {
  expect(exitCodeOf(new CwsError('CWS_ERR_SOURCES_FAILED', 'none'))).toBe(3)
  expect(exitCodeOf(new CwsError('CWS_ERR_CONFIG_INVALID', 'wrong'))).toBe(2)
  expect(exitCodeOf(new CwsError('CWS_ERR_STATE_LOCKED', 'taken'))).toBe(1)
  expect(exitCodeOf(new Error('bug'))).toBe(1)
  expect(errorText(new CwsError('CWS_ERR_NOT_RUNNING', 'no\u001bagent'))).toMatch(
    /^cws: no\\u\{1b\}agent \(CWS_ERR_NOT_RUNNING\)\n {2}Start it with/,
  )
})
