import { expect, it } from 'vitest'
import type { BaseEvent } from '../../src/model/event-class.ts'
import { UNKNOWN } from '../../src/model/unknown.ts'
import { renderMessage } from '../../src/signals/message.ts'

it('the backticks of a rule’s message are the rule’s own', () => {
  const event = { redactors: new Map(), get: () => 'a`b' } as unknown as BaseEvent
  expect(renderMessage('`{{@process.args}}` {{tool}} `x` {{other}}', event, { tool: 'c`' })).toBe('`a\\u{60}b` c\\u{60} `x` {{other}}')
})

const eventOf = (values: Readonly<Record<string, unknown>>) =>
  ({ redactors: new Map(), get: (field: string) => values[field] ?? UNKNOWN }) as unknown as BaseEvent

it.each([
  [{ 'event.author_gap': 'inotify names nobody' }, 'a program that could not be told (inotify names nobody)'],
  [{}, 'a program that could not be told (the sensor names nobody)'],
  [{ 'process.pid': 7 }, 'process 7, of which nothing more is known'],
  [{ 'process.pid': 7, 'process.comm': 'vi`m', 'process.uid': 0 }, 'a program that calls itself `vi\\u{60}m` (user 0)'],
  [{ 'process.file.path': '/usr/bin/vim', 'process.args': '' }, '`/usr/bin/vim`, which is no editor'],
  [
    { 'process.file.path': '/usr/bin/sh', 'process.args': '-c a`b', 'process.user': 'ann', 'process.parent.file.path': '/usr/bin/sshd' },
    '`/usr/bin/sh -c a\\u{60}b` (user ann, started by `/usr/bin/sshd`), which is no editor',
  ],
])('an author of which %j is known is told in words', (values, words) => {
  expect(renderMessage('By {{author which is no editor}}: it', eventOf(values))).toBe(`By ${words}: it`)
})

it('says of an author no more than is known', () => {
  expect(renderMessage('{{author}} ran.', eventOf({ 'process.file.path': '/bin/a' }))).toBe('`/bin/a` ran.')
  expect(renderMessage('{{author {x}}}', eventOf({ 'process.file.path': '/bin/a' }))).toBe('{{author {x}}}')
})
