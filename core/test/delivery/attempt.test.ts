import { expect, it } from 'vitest'
import { attempt } from '../../src/delivery/queue/attempt.ts'
import type { Notification, Outcome } from '../../src/plugin/notifier.ts'

const tried = (outcome: unknown): Promise<Outcome> =>
  attempt({ deliver: async () => outcome as Outcome }, {} as Notification, 1_000, new AbortController().signal)

it.each([undefined, null, '', 0, Object.create(null), ['b@example.com']])(
  'what is no text names nobody who refused: %j',
  async (refused) => {
    expect(await tried({ result: 'delivered', refused })).toEqual({ result: 'delivered', detail: '' })
  },
)

it('who refused in part is named', async () => {
  expect(await tried({ result: 'delivered', refused: 'b@example.com' })).toEqual({
    result: 'delivered',
    detail: '',
    refused: 'b@example.com',
  })
})

it.each([undefined, null, 'delivered', { result: 'done' }])('what is no outcome may have arrived: %j', async (outcome) => {
  expect(await tried(outcome)).toMatchObject({ result: 'ambiguous' })
})
