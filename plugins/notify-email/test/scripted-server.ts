import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** Where the client is. */
export type Step = 'greeting' | 'EHLO' | 'HELO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'body' | 'QUIT'

/** Lines to answer with, or what else to do: break the connection off, say nothing more, say one character every few milliseconds. */
export type Answer = string | 'drop' | 'hang' | 'drip' | undefined

const USUAL: Readonly<Record<Step, string>> = {
  greeting: '220 mx.example ESMTP',
  EHLO: '250-mx.example\r\n250 SIZE 10000000',
  HELO: '250 mx.example',
  STARTTLS: '454 4.7.0 TLS not available due to temporary reason',
  AUTH: '235 2.7.0 Authentication successful',
  MAIL: '250 2.1.0 Ok',
  RCPT: '250 2.1.5 Ok',
  DATA: '354 End data with <CR><LF>.<CR><LF>',
  body: '250 2.0.0 Ok: queued as 4ABC',
  QUIT: '221 2.0.0 Bye',
}

/** A mail server that answers each step as it is told, and as servers do where it is not told. */
export class ScriptedServer {
  /** All lines of clients but those of mails. */
  readonly lines: string[] = []
  /** Mails that came to their end, as they were on the wire. */
  readonly mails: string[] = []
  /** Resolves when it first says nothing more, or trickles. */
  readonly stuck: Promise<void>
  readonly #stick: () => void
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answer: (step: Step, line: string) => Answer

  private constructor(answer: (step: Step, line: string) => Answer) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.stuck = promise
    this.#stick = resolve
    this.#answer = answer
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(answer: (step: Step, line: string) => Answer = () => undefined): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    this.#reply(socket, 'greeting', '')
    let rest = ''
    let mail: string | undefined
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      for (;;) {
        if (mail !== undefined) {
          mail += rest
          rest = ''
          const end = mail.indexOf('\r\n.\r\n')
          if (end < 0) return
          this.mails.push(mail.slice(0, end + 2))
          rest = mail.slice(end + 5)
          mail = undefined
          this.#reply(socket, 'body', '')
          continue
        }
        const end = rest.indexOf('\r\n')
        if (end < 0) return
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        this.lines.push(line)
        const step = line.split(/[ :]/, 1)[0]?.toUpperCase() as Step
        const answer = this.#reply(socket, step, line)
        if (step === 'DATA' && answer?.startsWith('354')) mail = ''
      }
    })
  }

  #reply(socket: Socket, step: Step, line: string): Answer {
    const answer = this.#answer(step, line) ?? USUAL[step] ?? '500 5.5.2 Unknown'
    if (answer === 'hang' || answer === 'drip') this.#stick()
    if (answer === 'drop') socket.destroy()
    else if (answer === 'drip') {
      const timer = setInterval(() => socket.write('2'), 5)
      socket.on('close', () => clearInterval(timer))
    } else if (answer !== 'hang') socket.write(`${answer}\r\n`)
    return answer
  }
}
