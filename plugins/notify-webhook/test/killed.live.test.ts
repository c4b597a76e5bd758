import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { signalOf, temporaryFolder, until } from '../../../core/test/fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../../../core/test/fixtures/delivery-harness.ts'
import { ok, Receiver } from '../../../tests/support/http-receiver.ts'
import webhook from '../src/index.ts'

const SECRET = `whsec_${Buffer.from('a secret of the test, 32 bytes !').toString('base64')}`

it('killed before it hears of the answer, it posts the same body under the same id again, signed anew [case 13]', async () => {
  using folder = temporaryFolder()
  let isHeld = true
  await using receiver = await Receiver.start((response) => {
    if (!isHeld) ok(response)
  })
  const options = {
    url: receiver.url,
    secret: { env: 'SIEM_SECRET' },
    format: 'native',
    mode: 'latest',
    timeout: 10_000,
    headers: {},
  } as const
  const setup = optionsIn(folder.path, { destinations: [destination(webhook(options))] })
  const signal = signalOf()
  {
    await using agent = new DeliveryProcess(setup, 'pipe', { SIEM_SECRET: SECRET })
    await agent.hears('started')
    agent.tell({ signal })
    await until(() => receiver.got.length === 1, 'the first try', 30_000)
    await agent.kill()
  }
  isHeld = false
  const second = (at: number): number => Math.floor(at / 1_000)
  const timestamp = (i: number): number => Number(receiver.got[i]?.headers['webhook-timestamp'])
  await until(() => second(Date.now()) > timestamp(0), 'the next second')
  await using agent = new DeliveryProcess(setup, 'pipe', { SIEM_SECRET: SECRET })
  await agent.hears('started')
  await until(() => receiver.got.length === 2, 'the second try', 30_000)
  agent.tell({ stop: 5_000 })
  expect(await agent.hears('stopped')).toEqual({ pending: 0 })
  const [before, after] = receiver.got
  expect(before?.headers['webhook-id']).toBe(`${signal.id}:1:webhook`)
  expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id'])
  expect(after?.body).toBe(before?.body)
  expect(timestamp(1)).toBeGreaterThan(timestamp(0))
  for (const { headers, body } of receiver.got)
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({ id: signal.id })
})
