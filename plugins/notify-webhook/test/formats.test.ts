import { forms, writtenAs } from '@cws/core'
import { hostileLetter, TestNotifier } from '@cws/core/testing'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { Receiver } from '../../../tests/support/http-receiver.ts'
import webhook from '../src/index.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const CLOUD_EVENT = 'application/cloudevents+json; charset=UTF-8'

it.each(forms)('the form %s arrives as it was written, signed, and with its media type', async (format) => {
  await using receiver = await Receiver.start()
  await using notifier = await TestNotifier.of(webhook({ url: receiver.url, secret: SECRET, format }))
  const { outcome, notification } = await notifier.deliver({ title: 'a\u202eb' })
  expect(outcome).toMatchObject({ result: 'delivered' })
  const [got] = receiver.got
  expect(got?.body).toBe(notification.body)
  expect(got?.headers['content-type']).toBe(format === 'cloudevents' ? CLOUD_EVENT : 'application/json; charset=utf-8')
  expect(new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>)).toBeTypeOf('object')
})

it.each(forms)('the form %s is shorter each time that it was refused', async (format) => {
  await using notifier = await TestNotifier.of(webhook({ url: 'http://localhost/', secret: SECRET, format }))
  const letter = hostileLetter('y'.repeat(50_000))
  const { render, shorten } = notifier.notifier
  const make = render ?? shorten
  expect([1, 2].map((tier) => make?.(letter, tier))).toEqual([1, 2].map((tier) => writtenAs(format, letter, tier)))
  // The native form is stored as it is until then.
  expect(render === undefined).toBe(format === 'native')
})

it('what was stored in another form, before the configuration was changed, is repeated as it is', async () => {
  await using receiver = await Receiver.start()
  await using event = await TestNotifier.of(webhook({ url: receiver.url, secret: SECRET, format: 'cloudevents' }))
  await using native = await TestNotifier.of(webhook({ url: receiver.url, secret: SECRET }))
  const { notification } = await event.deliver()
  await native.notifier.deliver({ ...notification, attempt: 2 }, new AbortController().signal)
  const [first, second] = receiver.got
  expect([second?.body, second?.headers['webhook-id'], second?.headers['content-type']]).toEqual([
    first?.body,
    first?.headers['webhook-id'],
    CLOUD_EVENT,
  ])
})
