import { expect, it } from 'vitest'
import type { BaseEvent } from '../../src/model/event-class.ts'
import { renderMessage } from '../../src/signals/message.ts'

it('the backticks of a rule’s message are the rule’s own', () => {
  const event = { redactors: new Map(), get: () => 'a`b' } as unknown as BaseEvent
  expect(renderMessage('`{{@process.args}}` {{tool}} `x` {{other}}', event, { tool: 'c`' })).toBe('`a\\u{60}b` c\\u{60} `x` {{other}}')
})
