import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AgentStatus } from '../../agent/status.ts'
import type { ListenAddress } from '../../config/monitoring.ts'
import { messageOf } from '../../errors/cws-error.ts'
import { escapeInvisible } from '../../signals/printable.ts'
import type { DeliveryLog } from '../log.ts'
import { Connections } from './connections.ts'
import { type Health, healthOf } from './health.ts'
import { METRICS_TYPE, metricsText, type ProcessFigures } from './metrics.ts'

/** Whoever waits for an answer does so for moments: more are open only when somebody holds them. */
const MAX_CONNECTIONS = 128
/** Fewer than connections: what a flood brings at a time does not drive out a probe whose request is under way. */
const BACKLOG = 64
const MAX_HEADER_BYTES = 8 * 1024
/** Within this a request is here whole: probes send theirs at once. */
const REQUEST_MS = 2_000
/** A connection serves one request and lives no longer than this, whatever the other side does. */
const CONNECTION_MS = 10_000
/** For so long an answer serves all who ask: nobody makes the engine count more often. */
const FRESH_MS = 1_000
const STATUS_MS = 3_000
/** An agent that was started beside the one it replaces. */
const RETRY_MS = 10_000

export interface MonitoringOptions {
  readonly listen: ListenAddress
  readonly log: DeliveryLog
  readonly status: () => Promise<AgentStatus>
  /** Makes a text fit to leave the agent: secrets masked, controls visible, cut. */
  readonly clean: (text: string) => string
  readonly statusMs?: number
  readonly connectionMs?: number
  readonly retryMs?: number
}

interface Reply {
  readonly code: number
  readonly type: string
  readonly body: string
}

/**
 * Serves `/healthz` and `/metrics` from the delivery thread, so that it answers also when the engine does not. A port that is taken costs the agent nothing but
 * this: it is told and tried again.
 */
export async function startMonitoring(options: MonitoringOptions): Promise<AsyncDisposable & { readonly server: Server }> {
  const { listen, log } = options
  const statusOf = sharedStatus(options)
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 500,
  })
  const connections = new Connections(MAX_CONNECTIONS, options.connectionMs ?? CONNECTION_MS)
  server.on('connection', (socket) => connections.add(socket))
  server.on('request', async (request, response) => {
    connections.asked(request.socket)
    const { code, type, body } = await replyTo(request, listen, statusOf, options.clean)
    response.writeHead(code, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  let retry: NodeJS.Timeout | undefined
  const listening = (): Promise<void> =>
    new Promise((resolve) => {
      const failed = (error: Error): void => {
        if (retry === undefined) log.warn(`monitoring cannot listen on ${place(listen)} (${error.message}); it is tried again`)
        retry = setTimeout(listening, options.retryMs ?? RETRY_MS)
        resolve()
      }
      server.once('error', failed)
      server.listen({ host: listen.host, port: listen.port, backlog: BACKLOG, exclusive: true }, () => {
        server.off('error', failed)
        server.on('error', (error) => log.warn(`monitoring: ${error.message}`))
        log.info(`monitoring: /healthz and /metrics on ${place({ ...listen, port: (server.address() as AddressInfo).port })}`)
        resolve()
      })
    })
  await listening()
  if (!listen.loopback) log.warn(`monitoring on ${place(listen)} is open to others than this host; it asks nobody who they are`)
  return {
    server,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(retry)
      server.closeAllConnections()
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const place = ({ host, port }: ListenAddress): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

async function replyTo(
  request: IncomingMessage,
  listen: ListenAddress,
  statusOf: () => Promise<AgentStatus>,
  clean: (text: string) => string,
): Promise<Reply> {
  if (listen.loopback && !isLocal(request.headers.host)) return plain(403, 'ask by an address of loopback')
  const path = (request.url ?? '').split('?', 1)[0]
  if (path !== '/healthz' && path !== '/metrics') return plain(404, 'there is /healthz and /metrics')
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'GET and HEAD are answered')
  try {
    const status = await statusOf()
    return path === '/metrics' ? { code: 200, type: METRICS_TYPE, body: metricsText(status, figures()) } : health(healthOf(status), clean)
  } catch (error) {
    const reason = `the engine does not answer: ${messageOf(error)}`
    return path === '/metrics' ? plain(503, clean(reason)) : health({ ok: false, state: 'unknown', reasons: [reason], notes: [] }, clean)
  }
}

/** A page that a browser shows may lead a name of its own to loopback and read what is there; the name stands in `Host`. */
function isLocal(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host)
}

const plain = (code: number, text: string): Reply => ({ code, type: 'text/plain; charset=utf-8', body: `${text}\n` })

function health({ reasons, notes, ...others }: Health, clean: (text: string) => string): Reply {
  const body = JSON.stringify({ ...others, reasons: reasons.map(clean), notes: notes.map(clean) })
  return { code: others.ok ? 200 : 503, type: 'application/json', body: `${escapeInvisible(body)}\n` }
}

const startedAt = Math.round(Date.now() / 1_000 - process.uptime())

/** Threads share one process: these are of the whole agent. */
function figures(): ProcessFigures {
  const { user, system } = process.cpuUsage()
  return { rssBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6, startedAt }
}

/** One question at a time, its answer kept for a moment. */
function sharedStatus({ status, statusMs = STATUS_MS }: MonitoringOptions): () => Promise<AgentStatus> {
  let last: { readonly at: number; readonly answer: Promise<AgentStatus> } | undefined
  return () => {
    if (last && performance.now() - last.at < FRESH_MS) return last.answer
    const answer = within(statusMs, status())
    last = { at: performance.now(), answer }
    return answer
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
