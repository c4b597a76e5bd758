import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import LinkifyIt from 'linkify-it'
import { z } from 'zod'

/** 512 KB, as Alertmanager counts them. */
const MAX_BYTES = 512_000

const link = z.strictObject({ href: z.url(), text: z.string().optional() })
const image = z.strictObject({ src: z.url({ protocol: /^https$/ }), href: z.url().optional(), alt: z.string().optional() })
const common = { routing_key: z.string().length(32), client: z.string().optional(), client_url: z.url().optional() }

/** The schema of the Events API v2, strict. */
const schema = z.discriminatedUnion('event_action', [
  z.strictObject({
    ...common,
    event_action: z.literal('trigger'),
    dedup_key: z.string().min(1).max(255).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
    links: z.array(link).optional(),
    images: z.array(image).optional(),
  }),
  z.strictObject({ ...common, event_action: z.enum(['acknowledge', 'resolve']), dedup_key: z.string().min(1).max(255) }),
])

/** The schema of change events, strict. */
const changeSchema = z.strictObject({
  routing_key: z.string().length(32),
  payload: z.strictObject({
    summary: z.string().min(1).max(1024),
    source: z.string().optional(),
    timestamp: z.iso.datetime().optional(),
    custom_details: z.record(z.string(), z.unknown()).optional(),
  }),
  links: z.array(link).optional(),
})

export type AcceptedChange = z.output<typeof changeSchema>
export type AcceptedEvent = z.output<typeof schema>
export type Trigger = Extract<AcceptedEvent, { event_action: 'trigger' }>

export interface Alert {
  readonly route: string
  readonly key: string
  readonly first: Trigger
  status: 'triggered' | 'acknowledged' | 'resolved'
  /** Times that somebody was paged. */
  pages: number
  readonly log: string[]
}

export type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void

/** What PagerDuty does with events, as its documents say; keys that begin with `0` belong to nobody. */
export class PagerDuty implements AsyncDisposable {
  readonly bodies: string[] = []
  readonly events: AcceptedEvent[] = []
  readonly changes: AcceptedChange[] = []
  readonly alerts: Alert[] = []
  /** Events that were taken with 202, and came to nothing. */
  dropped = 0
  /** Answers instead of PagerDuty, one a request, while there are any; `usual`: its own. */
  readonly instead: (Answer | 'usual')[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => {})
      request.on('end', () => this.#take(request, response, Buffer.concat(chunks)))
    })
  }

  static async start(): Promise<PagerDuty> {
    const receiver = new PagerDuty()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v2/enqueue`
  }

  open(key: string): Alert | undefined {
    return this.alerts.findLast((alert) => alert.key === key && alert.status !== 'resolved')
  }

  #take(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
    const body = bytes.toString()
    this.bodies.push(body)
    const instead = this.instead.shift()
    if (instead !== undefined && instead !== 'usual') {
      instead(response, request, body)
      return
    }
    if (request.url === '/v2/change/enqueue') {
      const { data } = changeSchema.safeParse(JSON.parse(body))
      const isTaken = data !== undefined && !data.routing_key.startsWith('R')
      if (isTaken) this.changes.push(data)
      response.writeHead(isTaken ? 202 : 400, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const judged = judge(request, body)
    const accepted = 'event' in judged
    if (accepted) {
      this.events.push(judged.event)
      this.#apply(judged.event)
    }
    response.writeHead(accepted ? 202 : judged.status, { 'content-type': 'application/json' })
    const said = accepted
      ? { status: 'success', message: 'Event processed', dedup_key: judged.event.dedup_key }
      : { status: 'invalid event', message: 'Event object is invalid', errors: judged.errors }
    response.end(JSON.stringify(said))
  }

  #apply(event: AcceptedEvent): void {
    const { routing_key: route, dedup_key: key = `made-${this.alerts.length}` } = event
    const alert = this.alerts.find((other) => other.key === key && other.route === route && other.status !== 'resolved')
    if (event.event_action === 'trigger') {
      if (alert) alert.log.push('trigger')
      else this.alerts.push({ route, key, first: event, status: 'triggered', pages: 1, log: ['trigger'] })
    } else if (alert) {
      alert.status = event.event_action === 'resolve' ? 'resolved' : 'acknowledged'
      alert.log.push(event.event_action)
    } else this.dropped++
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function judge(
  { method, url }: IncomingMessage,
  body: string,
): { readonly event: AcceptedEvent } | { readonly status: number; readonly errors: readonly string[] } {
  if (method !== 'POST' || url !== '/v2/enqueue') return { status: 404, errors: [] }
  if (Buffer.byteLength(body) > MAX_BYTES) return { status: 413, errors: ['Event is too large'] }
  try {
    const { data, error } = schema.safeParse(JSON.parse(body))
    if (error) return { status: 400, errors: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) }
    return data.routing_key.startsWith('0') ? { status: 400, errors: ['Invalid routing key'] } : { event: data }
  } catch {
    return { status: 400, errors: ['Event is no JSON'] }
  }
}

const linkify = new LinkifyIt().tlds(['example', 'zip'], true)
const INVISIBLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u

/**
 * What somebody who reads the page on a phone could tap or be fooled by: links that programs find in its texts, characters that nobody sees.
 * `author`: how links begin that the author of the message wrote.
 */
export function injectedInto({ payload, links = [], client_url, images = [] }: Trigger, author?: string): readonly string[] {
  // The agent's own name, and names of fields: nobody else chooses them.
  const { source: _, timestamp: __, custom_details = {}, ...rest } = payload
  const { group, ...details } = custom_details
  const shown = [rest, details, Object.values(group ?? {})]
  const found = textsIn([shown, links.map(({ text }) => text)]).flatMap((text) => [
    ...(linkify.match(text) ?? []).map(({ url }) => url).filter((url) => author === undefined || !url.startsWith(author)),
    ...(INVISIBLE.test(text) ? [JSON.stringify(text)] : []),
  ])
  return [...found, ...links.map(({ href }) => href), ...images.map(({ src }) => src), ...(client_url ? [client_url] : [])]
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
}
