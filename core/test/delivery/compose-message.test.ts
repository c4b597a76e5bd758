import { expect, it } from 'vitest'
import { type Composer, composeMessage, type Draft, LAST_TIER, UNMADE } from '../../src/delivery/queue/compose-message.ts'
import type { Letter } from '../../src/messages/letter.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { compileTemplate, defaultTemplate, type Template } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { shellSignal } from '../fixtures/shell-signal.ts'

const draft: Draft = {
  key: `${shellSignal.id}:3:team`,
  destination: 'team',
  reason: 'opened',
  rule: 'on-call',
  generation: 1,
  receipt: null,
  kept: 0,
  signal: { ...shellSignal, title: 'a\n  b\u202e' },
  severity: 3,
  line: '{"kind":"signal"}',
}

function compose(template: Pick<Template, 'render'>, render: (letter: Letter, tier: number) => string) {
  const faults: string[] = []
  const composer: Composer = {
    notifier: { render, deliver: () => Promise.resolve({ result: 'delivered' }) },
    template,
    within: (code) => code(),
    onFault: (what) => faults.push(what),
  }
  return { row: composeMessage(draft, 0, composer), faults }
}

it('the title is of one line, and shows what is invisible', () => {
  expect(compose(defaultTemplate, ({ title }) => title).row).toMatchObject({ tier: 0, body: 'a b\\u{202e}' })
})

it('a template that fails costs the message its words: it says so, and is the usual one [case 39]', () => {
  const greedy = compileTemplate(
    '{{#each tags}}{{#each tags}}{{#each tags}}{{#each tags}}x{{/each}}{{/each}}{{/each}}{{/each}}',
    signalScope(),
  )
  const template = {
    render: (_: unknown, occasion: Parameters<Template['render']>[1]) =>
      greedy.render({ ...shellSignal, tags: Array(8).fill('t') }, occasion),
  }
  const { row, faults } = compose(template, ({ message }) => renderPlain(message))
  expect(faults).toEqual(['its template'])
  expect(row.tier).toBe(0)
  expect(row.body).toMatch(/^The template of this message failed; this is the usual one\.\n\n\/bin\/sh -c id was started by nginx\.\n/)
})

it('a notifier that cannot draw a message gets a plainer one, and at last the little that can be told of any signal', () => {
  const { row, faults } = compose(defaultTemplate, ({ message }, tier) => {
    const text = renderPlain(message)
    if (text.includes('nginx')) throw new Error(`too much for ${tier}`)
    return text
  })
  expect(row.tier).toBe(LAST_TIER)
  expect(row.body).toBe(`high · shell-of-web-server on web-1, 12 events, open\n\nLook further: cws signals show ${shellSignal.id}`)
  expect(faults).toEqual(['tier 0', 'tier 1', 'tier 2'])
})

it('if none can be drawn the line of the signal is kept', () => {
  const { row, faults } = compose(defaultTemplate, () => {
    throw new Error('never')
  })
  expect(row).toMatchObject({ tier: UNMADE, body: draft.line })
  expect(faults).toHaveLength(4)
})
