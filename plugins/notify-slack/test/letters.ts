import type { Document, Inline, Letter, Signal } from '@cws/core'
import { sampleSignal } from '@cws/core/testing'

export const value = (text: string): Inline => ({ type: 'text', text, value: true })
export const words = (text: string): Inline => ({ type: 'text', text, value: false })
export const paragraph = (...children: Inline[]): Document[number] => ({ type: 'paragraph', children })
export const call = (id: string, channel = 'slack'): Inline => ({ type: 'mention', channel, id })

export function letter(over: Partial<Letter> = {}, signal: Partial<Signal> = {}): Letter {
  const whole = sampleSignal(signal)
  return {
    key: `${whole.id}:${whole.revision}:slack`,
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
