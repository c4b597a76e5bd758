import type { Document, Inline, Letter, Text } from '@cws/core'
import { sampleSignal } from '@cws/core/testing'
import type { Correspondents } from '../src/mail.ts'
import { addressOf } from '../src/options.ts'

export const WHO: Correspondents = {
  from: addressOf('CWS <cws@example.com>'),
  to: [addressOf('soc@example.com'), addressOf('Ben <b@example.com>')],
  replyTo: undefined,
}

export const value = (text: string): Text => ({ type: 'text', text, value: true })
export const words = (text: string): Text => ({ type: 'text', text, value: false })

export function letter(over: Partial<Letter> = {}): Letter {
  const signal = over.signal ?? sampleSignal()
  return {
    key: `${signal.id}:${signal.revision}:email`,
    reason: 'opened',
    rule: 'on call',
    signal,
    title: signal.title,
    message: [{ type: 'paragraph', children: [words('It was '), value('/dev/shm/x'), words('.')] }],
    generation: 1,
    receipt: undefined,
    time: '2026-11-24T09:00:01.000Z',
    ...over,
  }
}

/** One value in each kind of node, and in each field that the letter has. */
export function everywhere(text: string): Letter {
  const message: Document = [
    { type: 'heading', level: 2, children: [value(text)] },
    {
      type: 'paragraph',
      children: [
        words('a '),
        { type: 'strong', children: [value(text)] },
        { type: 'emphasis', children: [value(text)] },
        { type: 'break' },
        { type: 'code', children: [value(text)] },
      ],
    },
    {
      type: 'paragraph',
      children: [{ type: 'link', url: `https://wiki.example.com/?q=${encodeURIComponent(text.toWellFormed())}`, children: [value(text)] }],
    },
    { type: 'code', children: [words('$ '), value(text)] },
    {
      type: 'list',
      ordered: true,
      items: [[{ type: 'paragraph', children: [value(text)] }], [{ type: 'code', children: [value(text)] }]],
    },
    { type: 'quote', children: [{ type: 'paragraph', children: [value(text)] }] },
  ]
  const signal = sampleSignal({ title: text, host: { name: text }, rule: { id: text, name: text } })
  return letter({ signal, title: text, rule: text, message })
}

const code = (text: string): Inline => ({ type: 'code', children: [value(text)] })
const fact = (name: string, ...told: Inline[]): Document => [
  { type: 'paragraph', children: [{ type: 'strong', children: [words(`${name}: `)] }, ...told] },
]

/** A message as templates make them, of a shell that a web server started: what the README shows. */
export function shellLetter(): Letter {
  const signal = sampleSignal({
    id: '01JDXQ0000000000000000000A',
    title: 'nginx started a shell',
    host: { name: 'web-1' },
    rule: { id: 'shell-of-web-server', name: 'A web server started a shell' },
    count: 12,
    tags: ['mitre:T1505.003', 'service:shop'],
    first_seen: '2026-11-30T03:00:00.123456789Z',
    last_seen: '2026-11-30T03:05:00.000000000Z',
  })
  const message: Document = [
    { type: 'paragraph', children: [code('/bin/sh -c id'), words(' was started by nginx.')] },
    {
      type: 'code',
      children: [value('systemd 1'), words('\n└ '), value('nginx 50'), words('\n  └ '), value('sh -c id  (pid 99, www-data)')],
    },
    {
      type: 'list',
      ordered: false,
      items: [fact('Program', code('/bin/sh'), words(' as '), value('www-data')), fact('exec.file.path', code('/bin/sh'))],
    },
    ...fact('What to do', words('Stop the web server, look for what was uploaded.')),
    { type: 'paragraph', children: [words('Look further: '), code(`cws signals show ${signal.id}`)] },
  ]
  return letter({ signal, title: signal.title, message })
}
