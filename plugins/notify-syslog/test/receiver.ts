import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { FrameReader, readRecord, type SyslogRecord } from './reader.ts'

/** A receiver of syslog on loopback that takes nothing but what the RFCs allow, and breaks off when it is told to. */
export class SyslogReceiver implements AsyncDisposable {
  readonly records: SyslogRecord[] = []
  /** Bytes of each record. */
  readonly frames: Buffer[] = []
  /** What was no frame or no record. */
  readonly faults: string[] = []
  readonly sockets = new Set<Socket>()
  connections = 0
  /** Of so many connections nothing is read: they are closed as soon as they stand. */
  refuse = 0
  /** Called with each record, before it is kept; what returns false is lost, as in a receiver that is killed. */
  take: (record: SyslogRecord, socket: Socket) => boolean = () => true
  readonly #server: Server

  private constructor(tls: TlsOptions | undefined) {
    const listener = (socket: Socket): void => this.#serve(socket)
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener)
  }

  static async start(tls?: TlsOptions, port = 0): Promise<SyslogReceiver> {
    const receiver = new SyslogReceiver(tls)
    await new Promise<void>((resolve, reject) => receiver.#server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get keys(): string[] {
    return this.records.map(keyOf)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.connections++
    socket.on('error', () => {})
    if (this.refuse > 0) {
      this.refuse--
      socket.destroy()
      return
    }
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    const reader = new FrameReader()
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.read(chunk)) {
          const record = readRecord(frame)
          if (!this.take(record, socket)) return
          this.frames.push(Buffer.from(frame))
          this.records.push(record)
        }
      } catch (error) {
        this.faults.push(String(error))
        socket.destroy()
      }
    })
  }
}

export function keyOf({ data }: SyslogRecord): string {
  return parameterOf(data['cws@32473'] ?? [], 'key')
}

export function parameterOf(parameters: readonly (readonly [string, string])[], name: string): string {
  const found = parameters.filter(([key]) => key === name)
  if (found.length !== 1) throw new Error(`${name} stands there ${found.length} times`)
  return found[0]?.[1] ?? ''
}
