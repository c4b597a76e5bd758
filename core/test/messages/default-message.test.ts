import { expect, it } from 'vitest'
import { defaultMessage, fallbackDocument } from '../../src/messages/default-message.ts'
import type { Reason } from '../../src/messages/letter.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'
import { sketch } from '../fixtures/sketch.ts'

const plain = (signal: Signal, reason: Reason = 'opened', generation = 1): string =>
  renderPlain(defaultMessage({ signal, occasion: { ...opened, reason, generation } }))

const WHAT = '/bin/sh -c id was started by nginx.'
const FURTHER = 'Look further: cws signals show 01JDXQ0000000000000000000A'
const WHOLE = `${WHAT}

    systemd 1
    └ nginx 50
      └ sh -c id  (pid 99, www-data)

- Program: /bin/sh as www-data
- exec.file.path: /bin/sh

What to do: Stop the web server, look for what was uploaded.

${FURTHER}`

it('says what happened, who did it, where, what to do and how to look further', () => {
  expect(plain(shellSignal)).toBe(WHOLE)
})

it.each(['updated', 'raised', 'repeat', 'escalated', 'replayed', 'digest', 'notice', 'test'] as const)('is whole when %s', (reason) => {
  expect(plain(shellSignal, reason)).toBe(WHOLE)
})

it('of lines makes one, in a time that grows with their length alone', () => {
  const message = (text: string) => plain({ ...shellSignal, message: text }).split('\n')[0]
  expect(message('  one \n\n \t two\n')).toBe('one two')
  expect(message(`x${' '.repeat(300_000)}y`)).toMatch(/^x {4,}…\(\+\d+\)$/)
  expect(message(`x${' \n'.repeat(300_000)}y`)).toBe('x y')
})

it('is brief once somebody has judged it, and says when it is back', () => {
  expect(plain(shellSignal, 'acknowledged')).toBe(`${WHAT}\n\n${FURTHER}`)
  expect(plain(shellSignal, 'archived')).toBe(`${WHAT}\n\n${FURTHER}`)
  expect(plain(shellSignal, 'opened', 2)).toBe(`It is back after it had been archived.\n\n${WHOLE}`)
  expect(plain(shellSignal, 'updated', 2)).toBe(WHOLE)
})

it('leaves out what is not known', () => {
  const bare: Signal = { ...shellSignal, message: '', advice: '', group: {}, event: { type: 'agent.lost_events' } }
  expect(plain(bare)).toBe(`nginx started a shell\n\n${FURTHER}`)
  expect(plain({ ...bare, event: { process: { pid: 7, uid: 0 } } })).toBe(
    `nginx started a shell\n\n    an unknown program  (pid 7, uid 0)\n\n${FURTHER}`,
  )
  const event = { event: { author_gap: 'inotify names nobody' }, process: { certainty: 'unknown' } }
  const told = 'a program that could not be told (inotify names nobody)'
  expect(plain({ ...bare, event })).toBe(`nginx started a shell\n\n    ${told}\n\n${FURTHER}`)
  expect(plain({ ...bare, event: { process: { pid: 7 } } })).toContain('    process 7, of which nothing more is known\n')
})

it('shows the container, doubt about the author, and of many ancestors the nearest', () => {
  const ancestors = Array.from({ length: 12 }, (_, i) => ({ pid: 100 - i, comm: `p${i}`, same_pid: i === 0 }))
  const event = { container: { id: 'abcdef0123456789' }, process: { comm: 'sh', args: '-c x', certainty: 'window', ancestors } }
  expect(plain({ ...shellSignal, advice: '', group: { 'container.id': 'abcdef0123456789' }, event })).toBe(`${WHAT}

    … 3 more
    └ p8 92
      └ p7 93
        └ p6 94
          └ p5 95
            └ p4 96
              └ p3 97
                └ p2 98
                  └ p1 99
                    └ sh -c x
    probably this process

- Container: abcdef012345

${FURTHER}`)
})

it('lists what a conclusion was drawn from', () => {
  const finding = {
    rule: 'uploaded',
    timestamp: '2026-11-30T02:59:58.5Z',
    type: 'fim.write',
    fields: { 'open.file.path': '/srv/`x`', 'process.pid': 7, 'a.b': null },
  }
  const signal: Signal = {
    ...shellSignal,
    message: 'x',
    advice: '',
    group: {},
    event: {},
    findings: Array.from({ length: 9 }, () => finding),
  }
  expect(sketch(defaultMessage({ signal, occasion: opened }))).toBe(
    `[p $x$][p [strong Concluded from:]][ul ${'[li [p 02:59:58 $uploaded$: open.file.path [code $/srv/`x`$], process.pid [code $7$]]]'.repeat(8)}]` +
      '[p and 1 more][p Look further: [code cws signals show $01JDXQ0000000000000000000A$]]',
  )
})

it('what is told when a template fails says what matters and why it is so little', () => {
  expect(
    renderPlain(fallbackDocument({ signal: { ...shellSignal, host: { name: 'we\nb' } }, occasion: opened }, 'The template of "x" failed.')),
  ).toBe(`The template of "x" failed.\n\nhigh · shell-of-web-server on we\\u{a}b, 12 events, open\n\n${FURTHER}`)
})
