import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A receiver on loopback that remembers, and answers as it is told. */
export class Receiver {
  readonly got: Received[] = []
  readonly #server: Server
  readonly #scheme: string
  #sockets = 0

  private constructor(answer: (response: ServerResponse, request: IncomingMessage) => void, identity: ServerOptions | undefined) {
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => {})
      request.on('end', () => {
        const { method, url, headers } = request
        this.got.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
        answer(response, request)
      })
    }
    this.#server = identity ? createTlsServer({ ...identity }, listener) : createServer(listener)
    this.#scheme = identity ? 'https' : 'http'
    this.#server.on('connection', () => this.#sockets++)
  }

  static async start(
    answer: (response: ServerResponse, request: IncomingMessage) => void = ok,
    identity?: ServerOptions,
  ): Promise<Receiver> {
    const receiver = new Receiver(answer, identity)
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}/hook?a=1`
  }

  /** Connections that were made to it. */
  get connections(): number {
    return this.#sockets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export function ok(response: ServerResponse): void {
  response.writeHead(204).end()
}

/** A proxy that understands CONNECT and nothing else. `refuse` answers every tunnel with this status. */
export async function startProxy(
  refuse?: number,
): Promise<{ readonly url: string; readonly tunnels: string[]; readonly credentials: string[] } & AsyncDisposable> {
  const tunnels: string[] = []
  const credentials: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    tunnels.push(String(request.url))
    credentials.push(String(request.headers['proxy-authorization']))
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
      return
    }
    const [host, port] = String(request.url).split(':')
    const upstream = connect(Number(port), host === 'localhost' ? '127.0.0.1' : host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    credentials,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
