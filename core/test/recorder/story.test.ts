import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_EVENTS, MAX_PART_TEXT, type Subject, tell } from '../../src/recorder/story.ts'
import { Recording } from './recording.ts'

const NOW = 1_800_000_000_000
const found: Subject = { process: 5, session: 1, family: 1, type: 'exec', ms: NOW }
const none = new Map()

const told = ({ recorder }: Recording, subject = found, redactors: Parameters<typeof tell>[4] = none) =>
  tell(recorder, subject, NOW - 60_000, NOW + 1000, redactors)

test('tells what the process, those above it and those beside it did, in order, and marks what was found', () => {
  const recording = new Recording()
  recording.exec({ ms: NOW - 70_000, process: 2, path: '/bin/old', argv: ['old'] })
  recording.exec({ ms: NOW - 3000, process: 2, path: '/usr/bin/bash', argv: ['bash', '-i'], number: 900 })
  recording.fork({ ms: NOW - 20, process: 5, parent: 2, number: 1002 })
  recording.exec({ ms: NOW, process: 5, parent: 2, path: '/tmp/x', argv: ['x', '--now', 'a b'], number: 1002 })
  recording.fork({ ms: NOW + 1, process: 6, parent: 5, number: 1005 })
  recording.exit({ ms: NOW + 2.5, process: 6, parent: 5, number: 9 })
  recording.exit({ ms: NOW + 3, process: 5, parent: 2, number: 3 << 8 })
  expect(told(recording)).toEqual({
    from: '2027-01-15T07:59:00.000000000Z',
    until: '2027-01-15T08:00:01.000000000Z',
    processes: [
      { process: 2, pid: 1002, parent: null, ppid: 900, file: { path: '/usr/bin/bash' }, argv0: 'bash', args: '-i' },
      { process: 5, pid: 1005, parent: 2, ppid: 1002, file: { path: '/tmp/x' }, argv0: 'x', args: '--now a b' },
      { process: 6, pid: 1006, parent: 5, ppid: 1005, file: null },
    ],
    events: [
      { timestamp: '2027-01-15T07:59:57.000000000Z', type: 'exec', process: 2, file: { path: '/usr/bin/bash' }, argv0: 'bash', args: '-i' },
      {
        timestamp: '2027-01-15T08:00:00.000000000Z',
        type: 'exec',
        process: 5,
        found: true,
        file: { path: '/tmp/x' },
        argv0: 'x',
        args: '--now a b',
      },
      { timestamp: '2027-01-15T08:00:00.001000000Z', type: 'fork', process: 6, ppid: 1005 },
      { timestamp: '2027-01-15T08:00:00.002500000Z', type: 'exit', process: 6, signal: 9 },
      { timestamp: '2027-01-15T08:00:00.003000000Z', type: 'exit', process: 5, code: 3 },
    ],
    left_out: 0,
  })
})

test('a process by which the agent tested itself is not told of, but whoever has its number later is', () => {
  const recording = new Recording()
  recording.fork({ ms: NOW - 30_001, process: 6, parent: 5, number: 1005 })
  recording.exec({ ms: NOW - 30_000, process: 6, parent: 5, path: '/bin/true', argv: ['true'], number: 1005 })
  recording.recorder.leaveOut({ type: 'exec', process$: 6, get: () => BigInt(NOW - 30_000) * 1_000_000n } as never)
  recording.exit({ ms: NOW - 29_999, process: 6, parent: 5 })
  recording.exec({ ms: NOW, process: 5, path: '/tmp/x', argv: ['x'] })
  recording.exec({ ms: NOW + 1, process: 6, parent: 5, path: '/tmp/y', argv: ['y'] })
  expect(told(recording).events.map(({ type, file }) => [type, file?.path])).toEqual([
    ['exec', '/tmp/x'],
    ['exec', '/tmp/y'],
  ])
})

test('another session of the family is left out, but for those who descend from the process', () => {
  const recording = new Recording()
  recording.exec({ ms: NOW, process: 5, path: '/bin/a' })
  recording.exec({ ms: NOW + 1, process: 8, session: 8, path: '/bin/other-session' })
  recording.exec({ ms: NOW + 2, process: 9, parent: 5, session: 9, path: '/bin/that-fled' })
  recording.exec({ ms: NOW + 3, process: 10, family: 10, session: 10, path: '/bin/stranger' })
  expect(told(recording).events.map(({ file }) => file?.path)).toEqual(['/bin/a', '/bin/that-fled'])
})

test('of sessions that are too many to be told apart none is beside another', () => {
  const recording = new Recording()
  recording.exec({ ms: NOW, process: 5, path: '/bin/a' })
  for (let session = 1000; session < 2000; session++) recording.exec({ ms: NOW + 1, process: session, session, path: '/bin/stranger' })
  expect(told(recording).events.map(({ file }) => file?.path)).toEqual(['/bin/a'])
  // One of them has its own, and that of its descendants.
  recording.exec({ ms: NOW + 2, process: 3000, parent: 1999, session: 3000, path: '/bin/child' })
  const own = ['/bin/stranger', '/bin/child']
  const paths = (subject: Subject) => told(recording, subject).events.map(({ file }) => file?.path)
  expect(paths({ ...found, process: 1999, session: 1999 })).toEqual(own)
  const { session, family } = recording.recorder.find(1999) as { session: number; family: number }
  expect(paths({ ...found, process: 1999, session, family })).toEqual(own)
})

test('of too much the nearest is told, and how much is not', () => {
  const recording = new Recording()
  recording.exec({ ms: NOW, process: 5, path: '/bin/found' })
  for (let i = 1; i <= 1000; i++) recording.exec({ ms: NOW - i, process: 100 + i, path: '/bin/beside', argv: ['a'.repeat(30)] })
  recording.exec({ ms: NOW - 50_000, process: 7, parent: 5, path: '/bin/own-child' })
  const { events, left_out } = told(recording)
  expect(events).toHaveLength(MAX_EVENTS)
  expect(left_out).toBe(1002 - MAX_EVENTS)
  expect(events.some(({ file }) => file?.path === '/bin/own-child')).toBe(true)
  expect(events.filter(({ found }) => found)).toHaveLength(1)
})

test('arguments are redacted, and half of one that was cut is not told', () => {
  const recording = new Recording()
  recording.exec({ ms: NOW, process: 5, path: '/bin/curl', argv: ['curl', '-u', 'me:secret'] })
  recording.exec({ ms: NOW + 1, process: 5, path: '/bin/long', argv: ['long', 'short', 'x'.repeat(1000)] })
  const redactors = new Map([
    [
      'exec.args',
      (value: unknown, event: { get(field: string): unknown }) => `${event.get('exec.argv0')}: ${String(value).replace('secret', '***')}`,
    ],
  ])
  expect(told(recording, found, redactors).events).toMatchObject([
    { args: 'curl: -u me:***' },
    { argv0: 'long', args: 'long: short', args_truncated: true },
  ])
})

test('whatever bytes paths and arguments are made of: evidence is JSON within its bounds', () => {
  const word = fc.string({ unit: 'binary', maxLength: 300 }).map((text) => text.replaceAll('\0', ''))
  const deed = fc.record({
    process: fc.integer({ min: 1, max: 20 }),
    parent: fc.integer({ min: 0, max: 20 }),
    path: word,
    argv: fc.array(word, { maxLength: 5 }),
    back: fc.integer({ min: 0, max: 61_000 }),
  })
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 250 }), (deeds) => {
      const recording = new Recording(64 * 1024)
      for (const { back, ...rest } of deeds) recording.exec({ ms: NOW - back, ...rest })
      const part = told(recording)
      expect(part.events.length).toBeLessThanOrEqual(MAX_EVENTS)
      expect(JSON.stringify(part).length).toBeLessThan(3 * MAX_PART_TEXT)
      expect(JSON.parse(JSON.stringify(part))).toEqual(part)
      expect([...part.events].sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0))).toEqual(part.events)
    }),
    { numRuns: 20 },
  )
})
