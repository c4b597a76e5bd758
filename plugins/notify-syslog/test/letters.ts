import type { Document, Inline, Letter, Signal } from '@cws/core'
import { hostileValues, sampleSignal } from '@cws/core/testing'

export { hostileValues }

export const value = (text: string): Inline => ({ type: 'text', text, value: true })
export const words = (text: string): Inline => ({ type: 'text', text, value: false })
export const code = (text: string): Inline => ({ type: 'code', children: [{ type: 'text', text, value: true }] })
export const paragraph = (...children: Inline[]): Document[number] => ({ type: 'paragraph', children })

export function letter(over: Partial<Letter> = {}, signal: Partial<Signal> = {}): Letter {
  const whole = sampleSignal(signal)
  return {
    key: `${whole.id}:${whole.revision}:syslog`,
    reason: 'opened',
    rule: 'Tell the team',
    signal: whole,
    title: whole.title,
    message: [paragraph(value(whole.message))],
    generation: 1,
    receipt: undefined,
    time: whole.last_seen,
    ...over,
  }
}

/** The text in every place that a message has. */
export function everywhere(text: string): Letter {
  const message: Document = [
    { type: 'heading', level: 1, children: [value(text)] },
    paragraph(
      words('in '),
      value(text),
      { type: 'strong', children: [{ type: 'emphasis', children: [value(text)] }] },
      { type: 'break' },
      value(text),
    ),
    paragraph(code(text)),
    { type: 'code', children: [{ type: 'text', text, value: true }] },
    { type: 'list', ordered: true, items: [[paragraph(value(text)), { type: 'quote', children: [paragraph(value(text))] }]] },
  ]
  const host = { name: text }
  return letter(
    { title: text, message, rule: text, reason: 'raised' },
    { host, rule: { id: text, name: text }, tags: [text], group: { [text]: text } },
  )
}
