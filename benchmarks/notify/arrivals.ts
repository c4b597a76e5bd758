import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Identity } from '../../tests/support/certificates.ts'

/** What one message says of one conversation. `after`: ms from what it tells first to the whole request's being here. */
export interface Arrival {
  readonly destination: string
  readonly rule: string
  readonly mark: string
  readonly count: number
  readonly after: number
}

interface Told {
  readonly rule: string
  readonly mark: string
  readonly count: number
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly at: string
}

/** How a body is read: the agent's own form, and Alertmanager's. */
export const readers = {
  cws: (body: string): Told => {
    const { rule, count, event } = JSON.parse(body)
    return { rule: rule.id, count, mark: event.paced.mark, at: event.paced.at }
  },
  alertmanager: (body: string): Told => {
    const { alerts, truncatedAlerts = 0 } = JSON.parse(body)
    const { labels, annotations } = alerts[0]
    return { rule: labels.alertname, count: alerts.length + truncatedAlerts, mark: labels.mark, at: annotations.at }
  },
}

/** A connection that takes the place of another one may come before that is seen to be closed, ms. */
const REPLACED_MS = 100

/** A receiver on loopback for many destinations, by their path. It notes when each request was here whole. */
export class Arrivals implements AsyncDisposable {
  readonly all: Arrival[] = []
  /** While set, requests are answered 503, and count as not arrived. */
  refuses = false
  /** Each connection carries one request. */
  closes = false
  /** Destinations that are never answered. */
  readonly silent = new Set<string>()
  readonly #server: HttpServer
  readonly #scheme: string
  #open = 0
  #most = 0

  private constructor(read: (body: string) => Told, identity?: Identity) {
    this.#server = identity ? createTlsServer({ ...identity }) : createServer()
    this.#scheme = identity ? 'https' : 'http'
    this.#server.on('connection', (socket) => {
      this.#open++
      socket.once('close', () => this.#open--)
      // Until then it is seen here that another one, whose place it takes, was closed.
      void setTimeout(REPLACED_MS).then(() => {
        this.#most = Math.max(this.#most, this.#open)
      })
    })
    this.#server.on('request', (request, response) => {
      const destination = String(request.url).slice(1)
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => {})
      request.on('end', () => {
        const now = process.hrtime.bigint()
        if (this.silent.has(destination)) return
        if (this.refuses) {
          response.writeHead(503).end()
          return
        }
        response.writeHead(204, this.closes ? { connection: 'close' } : {}).end()
        const { rule, mark, count, at } = read(Buffer.concat(chunks).toString())
        this.all.push({ destination, rule, mark, count, after: Number(now - BigInt(at)) / 1e6 })
      })
    })
  }

  static async start(read: (body: string) => Told, identity?: Identity): Promise<Arrivals> {
    const arrivals = new Arrivals(read, identity)
    await new Promise<void>((resolve) => arrivals.#server.listen(0, '127.0.0.1', resolve))
    return arrivals
  }

  /** Most connections at a time, whether they carried a request or not. */
  get connections(): number {
    return this.#most
  }

  url(destination: string, host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${(this.#server.address() as AddressInfo).port}/${destination}`
  }

  of(rule: string, destination?: string): readonly Arrival[] {
    return this.all.filter((each) => each.rule === rule && (destination === undefined || each.destination === destination))
  }

  /** Whether the condition came to hold within the time. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    for (const end = performance.now() + ms; !condition(); await setTimeout(5)) if (performance.now() > end) return false
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
