import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { RunningAgent } from '../../tests/support/agent.ts'
import type { Plan } from './cws.config.ts'
import type { Order } from './pacer.ts'

export type Finding = Pick<Order, 'rule' | 'severity' | 'mark'>

/** The whole agent with webhooks, that finds what it is ordered to. */
export class PacedAgent implements AsyncDisposable {
  readonly agent: RunningAgent
  readonly #server: Server
  readonly #socket: Socket
  readonly #waiting = new Map<number, () => void>()
  #id = 0

  private constructor(agent: RunningAgent, server: Server, socket: Socket) {
    this.agent = agent
    this.#server = server
    this.#socket = socket
    createInterface(socket).on('line', (line) => {
      const { id } = JSON.parse(line) as { id: number }
      this.#waiting.get(id)?.()
      this.#waiting.delete(id)
    })
    // A killed agent resets it.
    socket.on('error', () => {})
  }

  /** `folder`: state to go on with. `file`: a file that is told too. `command`: a program and its first arguments to start it by, as `RunningAgent` takes it. */
  static async start(
    webhooks: Plan['webhooks'],
    { folder, file, command }: { readonly folder?: string; readonly file?: string; readonly command?: readonly [string, ...string[]] } = {},
  ): Promise<PacedAgent> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const connected = once(server, 'connection') as Promise<[Socket]>
    const plan: Plan = { port: (server.address() as AddressInfo).port, webhooks, ...(file === undefined ? {} : { file }) }
    try {
      const agent = await RunningAgent.start({
        args: ['--config', join(import.meta.dirname, 'cws.config.ts')],
        env: {
          CWS_BENCH_NOTIFY: JSON.stringify(plan),
          CWS_BENCH_SECRET: `whsec_${Buffer.from('a secret of the bench, 32 bytes!').toString('base64')}`,
        },
        keep: ({ kind }) => kind === 'status',
        ...(folder === undefined ? {} : { folder }),
        ...(command === undefined ? {} : { command }),
      })
      const [socket] = await connected
      // What a start leaves to be done is over.
      await setTimeout(2_000)
      return new PacedAgent(agent, server, socket)
    } catch (error) {
      server.close()
      throw error
    }
  }

  /** Lets it find this so many times over so many ms; settles when it has. */
  async find(finding: Finding, count = 1, ms = 0): Promise<void> {
    const order: Order = { id: ++this.#id, ...finding, count, ms }
    const done = new Promise<void>((resolve) => this.#waiting.set(order.id, resolve))
    this.#socket.write(`${JSON.stringify(order)}\n`)
    await done
  }

  async kill(): Promise<void> {
    process.kill(this.agent.agentPid, 'SIGKILL')
    await this.agent.exited()
    this.#close()
  }

  #close(): void {
    this.#socket.destroy()
    this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]()
    this.#close()
  }
}
