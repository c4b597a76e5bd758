import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** What a receiver may do to a delivery. In all but `down` and `cut` the whole body has come by then: it counts as arrived. */
export const MOODS = ['takes', 'down', 'refuses', 'busy', 'slow', 'cut', 'dies'] as const
export type Mood = (typeof MOODS)[number]

/** Milliseconds: longer than the notifier waits. */
const SLOW_MS = 1_000

export interface Arrival {
  readonly key: string
  readonly body: string
  /** In what mood it came. */
  readonly mood: Mood
}

/** A receiver on one port that changes its mood, and keeps every body that came to it whole. */
export class FlappingReceiver implements AsyncDisposable {
  readonly secret = `whsec_${Buffer.from('a secret of the test, 32 bytes !').toString('base64')}`
  readonly arrivals: Arrival[] = []
  /** Bodies whose signature is wrong. */
  forged = 0
  #mood: Mood = 'takes'
  #server: Server | undefined
  #port = 0

  static async start(): Promise<FlappingReceiver> {
    const receiver = new FlappingReceiver()
    await receiver.#up()
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/signals`
  }

  async become(mood: Mood): Promise<void> {
    this.#mood = mood
    if (mood === 'down') await this.#down()
    else if (!this.#server) await this.#up()
  }

  async #up(): Promise<void> {
    const server = createServer((request, response) => this.#receive(request, response))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
  }

  async #down(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    // Half a body, and the connection is reset.
    if (this.#mood === 'cut') {
      request.once('data', () => request.socket.resetAndDestroy())
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // An agent that is killed leaves connections behind.
    request.on('error', () => {})
    request.on('end', () => this.#arrived(Buffer.concat(chunks).toString('utf8'), request, response))
  }

  #arrived(body: string, request: IncomingMessage, response: ServerResponse): void {
    const mood = this.#mood
    try {
      new Webhook(this.secret).verify(body, request.headers as Record<string, string>)
    } catch {
      this.forged++
    }
    this.arrivals.push({ key: String(request.headers['webhook-id']), body, mood })
    if (mood === 'dies') request.socket.resetAndDestroy()
    else if (mood === 'refuses') response.writeHead(500).end('out of order')
    else if (mood === 'busy') response.writeHead(429, { 'retry-after': '1' }).end()
    else if (mood === 'slow') setTimeout(() => response.writeHead(204).end(), SLOW_MS)
    else response.writeHead(204).end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#down()
  }
}
