import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { Random, seed } from '../../../tests/support/seed.ts'
import { ask } from '../../src/delivery/control/control-client.ts'
import { severities } from '../../src/signals/severity.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { chat } from '../fixtures/chat-notifier.ts'
import { signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { http } from '../fixtures/http-notifier.ts'
import { hasStored, storedRows } from '../fixtures/stored-rows.ts'

const rounds = process.env['CWS_TEST_LONG'] ? 300 : 4
/** Signals a round, some of them grown from what came before. */
const SIGNALS = 20
/** From the moment when all of them are stored, ms. */
const KILLED_WITHIN_MS = 150
/** Until all is told: what failed nine times in a row waits for five minutes. */
const ALL_TOLD_MS = 400_000

it(
  `kill -9 at any moment, ${rounds} times, while the receivers flap: nothing is missing, what comes again is the same, CWS_TEST_SEED=${seed} [case 12]`,
  async () => {
    using folder = temporaryFolder()
    const random = new Random(seed)
    const got = new Map<string, Set<string>>()
    let isWell = false
    let repeated = 0
    const receive = (body: string, request: IncomingMessage, response: ServerResponse) => {
      const mood = isWell ? 9 : random.below(10)
      // Refused before it counts; taken, and then no answer at all, or one that does not get through.
      if (mood < 2) response.writeHead(503).end()
      else {
        const key = String(request.headers['x-key'])
        const bodies = got.get(key)
        if (bodies) repeated++
        got.set(key, (bodies ?? new Set()).add(body))
        if (mood < 4) request.socket.destroy()
        else if (mood > 4) response.writeHead(200).end('ok')
      }
    }
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('error', () => {})
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => receive(Buffer.concat(chunks).toString(), request, response))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const told = (url: string) => [http({ url }), chat({ url })].map(destination)
    const options = optionsIn(folder.path, {
      destinations: told(url),
      notifications: [{ name: 'All', to: ['http', 'chat'], update: '1s' }],
    })
    const signals: Signal[] = []
    const archived = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      await using process = new DeliveryProcess(options)
      await process.hears('started')
      const fresh: Signal[] = []
      for (let i = 0; i < SIGNALS; i++) {
        const index = signals.length - 1 - random.below(3 * SIGNALS)
        const before = signals[index]
        const grows = before && random.below(3) === 0
        // Each of a process of its own: none is part of another.
        const event = { type: 'exec', process: { pid: 1_000 + signals.length, ancestors: [{ pid: 1 }] }, container: { id: '' } }
        const signal = grows
          ? { ...before, revision: before.revision + 1, count: before.count + 5 }
          : signalOf({ severity: random.one(severities.slice(1)), event })
        if (grows) signals[index] = signal
        else signals.push(signal)
        fresh.push(signal)
        process.tell({ signal })
      }
      await until(() => hasStored(options.stateDir, fresh), 'what was told to be stored', 30_000)
      if (random.below(3) === 0) {
        const { id } = random.one(signals)
        archived.add(id)
        await ask(options.runDir, 'signals.archive', { ids: [id] })
      }
      await new Promise((resolve) => setTimeout(resolve, random.below(KILLED_WITHIN_MS)))
      await process.kill()
    }
    isWell = true
    await using last = new DeliveryProcess(options)
    await last.hears('started')
    const known = () => {
      const rows = storedRows(options.stateDir)
      const newest = new Map(rows.signals.map((row) => [row.id, row]))
      // What was archived before anybody heard of it needs no word, and what was archived none that it has grown.
      const missing = rows.conversations.filter(({ signal, told_revision, told_status }) => {
        const { revision, status } = newest.get(signal) ?? { revision: -1, status: '' }
        return status === 'archived' ? told_revision > 0 && told_status !== 'archived' : told_revision !== revision
      })
      return { ...rows, missing }
    }
    await until(() => known().missing.length === 0 && known().messages.length === 0, 'all to be told', ALL_TOLD_MS)
    const { conversations, dead } = known()
    last.tell({ stop: 5_000 })
    expect(await last.hears('stopped')).toEqual({ pending: 0 })
    await last.exited
    server.close()
    server.closeAllConnections()
    expect(conversations).toHaveLength(signals.length * 2)
    // Two kills that met one message in the making: it lost its richer form, and was told as all are.
    expect(dead.filter(({ reason }) => !reason.endsWith('; it was told in the plainest form'))).toEqual([])
    for (const { id, revision } of signals)
      for (const name of ['http', 'chat'])
        if (!archived.has(id))
          expect(
            [...got.keys()].some((key) => key === `${id}:${revision}:${name}` || key.startsWith(`${id}:${revision}:${name}:`)),
            id,
          ).toBe(true)
    for (const [key, bodies] of got) expect(bodies.size, key).toBe(1)
    // The test has tested something.
    expect(repeated).toBeGreaterThan(rounds / 2)
  },
  ALL_TOLD_MS + 60_000 + rounds * 8_000,
)
