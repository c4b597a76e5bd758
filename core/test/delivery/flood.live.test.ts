import { expect, it, vi } from 'vitest'
import { Receiver } from '../../../tests/support/http-receiver.ts'
import { chat } from '../fixtures/chat-notifier.ts'
import { temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import type { Flood } from '../fixtures/findings.ts'
import { http } from '../fixtures/http-notifier.ts'

vi.setConfig({ testTimeout: 180_000 })

/** A minute, and the interval between updates that there is if no rule says otherwise; in `npm test` both are shorter. */
const [overMs, update] = process.env['CWS_TEST_LONG'] ? [60_000, '10s'] : [3_000, '1s']

interface Message {
  readonly id: string
  readonly count: number
  readonly message: string
}

/** An agent that groups findings, and two receivers: one of the signals themselves, one of texts made of them. */
class House implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack
  readonly #receivers: readonly Receiver[]
  readonly process: DeliveryProcess

  private constructor(stack: AsyncDisposableStack, receivers: readonly Receiver[], process: DeliveryProcess) {
    this.#stack = stack
    this.#receivers = receivers
    this.process = process
  }

  static async open(): Promise<House> {
    const stack = new AsyncDisposableStack()
    const folder = stack.use(temporaryFolder())
    const [webhook, channel] = [stack.use(await Receiver.start(ok)), stack.use(await Receiver.start(ok))]
    const destinations = [http({ url: webhook.url }), chat({ url: channel.url })].map(destination)
    const notifications = [{ name: 'All', to: ['http', 'chat'], update }]
    const process = stack.use(new DeliveryProcess(optionsIn(folder.path, { destinations, notifications })))
    await process.hears('started')
    return new House(stack, [webhook, channel], process)
  }

  flood(flood: Flood): void {
    this.process.tell({ flood })
  }

  /** What each receiver was told, as it came. */
  get told(): Message[][] {
    return this.#receivers.map(({ got }) => got.map(({ body }) => JSON.parse(body) as Message))
  }

  async stop(): Promise<void> {
    this.process.tell({ stop: 20_000 })
    expect(await this.process.hears('stopped')).toEqual({ pending: 0 })
    await this.process.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

const ok: Parameters<typeof Receiver.start>[0] = (response) => void response.writeHead(200).end()

it('100,000 findings of one rule are at most 25 messages, the last with that count; what is critical is told in their middle [case 4] [case 5]', async () => {
  await using house = await House.open()
  house.flood({ rule: 'noisy', severity: 'high', count: 100_000, overMs, amid: { rule: 'grave', severity: 'critical' } })
  await until(() => house.process.said.some((line) => 'flooded' in line), 'the end of it', 10 * overMs + 30_000)
  await house.stop()
  for (const messages of house.told) {
    const [first] = messages
    const noisy = messages.filter(({ id }) => id === first?.id)
    const grave = messages.findIndex(({ id }) => id !== first?.id)
    expect(noisy.length).toBeLessThanOrEqual(25)
    expect(noisy.at(-1)?.count).toBe(100_000)
    expect(messages.filter(({ id }) => id !== first?.id)).toMatchObject([{ count: 1 }])
    // The flood goes on by itself, whatever becomes of what is critical; when that had arrived it was not over: a later message counts less than all.
    expect(messages[grave + 1]).toMatchObject({ id: first?.id, count: expect.toSatisfy((count: number) => count < 100_000) })
  }
})

it('5,000 findings about 5,000 files are 20 messages and one that says how much more there is [case 6] [case 7]', async () => {
  await using house = await House.open()
  house.flood({ rule: 'scattered', severity: 'high', count: 5_000, paths: 5_000, containers: 40, overMs: overMs / 3 })
  await until(() => house.process.said.some((line) => 'flooded' in line), 'all of it', overMs + 30_000)
  await house.stop()
  for (const messages of house.told) {
    const last = new Map(messages.map((message) => [message.id, message]))
    const fold = [...last.values()].filter(({ count }) => count > 1)
    expect(last.size).toBe(21)
    expect(fold).toMatchObject([{ count: 4_980, message: expect.stringMatching(/^4980 more on 1 host, in 40 containers\./) }])
    expect(messages.filter(({ id }) => id !== fold[0]?.id)).toHaveLength(20)
    expect(messages.length).toBeLessThanOrEqual(25 + 20)
  }
})
