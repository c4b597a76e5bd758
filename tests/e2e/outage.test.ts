import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { RunningAgent } from '../support/agent.ts'
import { generator, run, temporaryFolder } from '../support/triggers.ts'

const secret = `whsec_${Buffer.from('a secret of the test, 32 bytes !').toString('base64')}`

interface Delivery {
  readonly key: string
  readonly body: string
}

/** A receiver on a fixed port that can go away and come back. */
class Receiver {
  readonly deliveries: Delivery[] = []
  /** Answers 503 while set. */
  refusing = false
  #server: Server | undefined
  port = 0

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        new Webhook(secret).verify(body, request.headers as Record<string, string>)
        this.deliveries.push({ key: header(request.headers, 'webhook-id'), body })
        response.writeHead(this.refusing ? 503 : 200).end()
      })
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
  }

  async down(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
  }
}

function header(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name])
}

it('a receiver that is down, then refuses, then works, and an agent killed in between: every signal arrives, repeats are identical', async () => {
  using folder = temporaryFolder()
  const receiver = new Receiver()
  await receiver.up()
  await receiver.down()
  const config = join(folder.path, 'cws.config.yaml')
  writeFileSync(
    config,
    `plugins:\n  - process-exec\n  - rules: { packs: ["@cws/rules-default"] }\n  - notify-webhook: { name: siem, url: "http://127.0.0.1:${receiver.port}/", secret: { env: SIEM_SECRET } }\n`,
    { mode: 0o600 },
  )
  const setup = { args: ['--config', config], folder: folder.path, env: { SIEM_SECRET: secret } }
  const opened = new Set<string>()
  const trigger = async (agent: RunningAgent, name: string) => {
    // A group of its own each time: web servers by path.
    run('/bin/sh', [
      '-c',
      `cp ${generator('spawn')} ${folder.path}/nginx-${name} && mkdir -p ${folder.path}/${name} && mv ${folder.path}/nginx-${name} ${folder.path}/${name}/nginx`,
    ])
    run('/bin/sh', ['-c', `cp /bin/sh ${folder.path}/${name}/sh && ${folder.path}/${name}/nginx ${folder.path}/${name}/sh -c 'exit 0'`])
    const line = await agent.signal('shell-from-web-server', ({ event }) => JSON.stringify(event).includes(`/${name}/sh`))
    opened.add(String(line['id']))
  }
  {
    await using agent = await RunningAgent.start(setup)
    await trigger(agent, 'one')
    await trigger(agent, 'two')
    process.kill(agent.agentPid, 'SIGKILL')
    await agent.exited()
  }
  receiver.refusing = true
  await receiver.up()
  {
    await using agent = await RunningAgent.start(setup)
    await trigger(agent, 'three')
    // What failed before the kill may have it wait for a minute.
    await expect.poll(() => receiver.deliveries.length, { timeout: 90_000 }).toBeGreaterThan(0)
    process.kill(agent.agentPid, 'SIGKILL')
    await agent.exited()
  }
  receiver.refusing = false
  {
    await using agent = await RunningAgent.start(setup)
    const arrived = () => new Set(receiver.deliveries.map(({ body }) => (JSON.parse(body) as { id: string }).id))
    await expect.poll(() => [...opened].every((id) => arrived().has(id)), { timeout: 90_000 }).toBe(true)
    expect(await agent.stop()).toBe(0)
  }
  await receiver.down()
  const bodies = new Map<string, string>()
  for (const { key, body } of receiver.deliveries) {
    expect(bodies.get(key) ?? body).toBe(body)
    bodies.set(key, body)
  }
}, 300_000)
