import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export interface Received {
  readonly key: string
  readonly signal: { readonly id: string; readonly rule: { readonly id: string } } & Record<string, unknown>
}

/** What a team would run: takes signals whose signature is right, refuses others. */
export class SignedReceiver implements AsyncDisposable {
  readonly secret = `whsec_${Buffer.from('a secret of the test, 32 bytes !').toString('base64')}`
  readonly received: Received[] = []
  refused = 0
  readonly #server: Server

  private constructor() {
    const webhook = new Webhook(this.secret)
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        try {
          const signal = webhook.verify(body, request.headers as Record<string, string>) as Received['signal']
          this.received.push({ key: String(request.headers['webhook-id']), signal })
          response.writeHead(204).end()
        } catch {
          this.refused++
          response.writeHead(401).end()
        }
      })
    })
  }

  static async start(): Promise<SignedReceiver> {
    const receiver = new SignedReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/signals`
  }

  rules(): readonly string[] {
    return this.received.map(({ signal }) => signal.rule.id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
