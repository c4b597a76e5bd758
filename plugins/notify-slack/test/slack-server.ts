import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Message, messageSchema } from './schema.ts'

export const TOKEN = 'xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy'
export const WEBHOOK_PATH = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'

/** A message in a channel as it is now. */
export interface Posted extends Message {
  readonly ts: string
  readonly thread: string | undefined
  readonly inChannel: boolean
  /** How often it was changed. */
  readonly changed: number
}

export interface Call {
  /** `chat.postMessage`, `chat.update` or `webhook`. */
  readonly method: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly authorization: string | undefined
  readonly agent: string | undefined
  readonly at: number
  /** What was answered. */
  answer: string
}

/** Says how the next request is answered. It has been read; `false`: as usual after all. */
export type Interruption = (response: ServerResponse, request: IncomingMessage) => false | undefined

interface Options {
  /** One message a second in a channel; what comes sooner is refused. */
  readonly strict?: boolean
  readonly identity?: { readonly key: string; readonly cert: string }
}

/**
 * Slack on loopback, as far as messages go: channels with messages and threads, an incoming webhook, its words for what is wrong. What it
 * would refuse it refuses.
 */
export class SlackServer {
  readonly calls: Call[] = []
  readonly messages = new Map<string, Posted>()
  /** Why messages were refused as such. */
  readonly refused: string[] = []
  /** Used up one a request. */
  readonly next: Interruption[] = []
  readonly channels = new Map([
    ['#security-oncall', 'C0SECURITY'],
    ['#other', 'C0OTHER'],
  ])
  readonly #server: Server
  readonly #strict: boolean
  readonly #scheme: string
  /** When a channel last took a message. */
  readonly #taken = new Map<string, number>()
  #ts = 1_764_000_000

  private constructor({ strict = false, identity }: Options) {
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = []
      request.on('error', () => {})
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => this.#take(request, response, Buffer.concat(chunks).toString()))
    }
    this.#strict = strict
    this.#scheme = identity ? 'https' : 'http'
    this.#server = identity ? createTlsServer({ ...identity }, listener) : createServer(listener)
  }

  static async start(options: Options = {}): Promise<SlackServer> {
    const server = new SlackServer(options)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get origin(): string {
    return `${this.#scheme}://localhost:${this.port}`
  }

  get api(): string {
    return `${this.origin}/api/`
  }

  get webhook(): string {
    return this.origin + WEBHOOK_PATH
  }

  /** Messages that stand in the channel itself, oldest first. */
  get channel(): Posted[] {
    return [...this.messages.values()].filter(({ thread }) => thread === undefined)
  }

  get replies(): Posted[] {
    return [...this.messages.values()].filter(({ thread }) => thread !== undefined)
  }

  /** Answers the next request with this status and text. */
  answerOnce(status: number, text: string, headers: Record<string, string> = {}): void {
    this.next.push((response) => {
      response.writeHead(status, headers).end(text)
      return undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #take(request: IncomingMessage, response: ServerResponse, body: string): void {
    const webhook = request.url === WEBHOOK_PATH
    const method = webhook ? 'webhook' : String(request.url).replace(/^\/api\//, '')
    const call: Call = {
      method,
      fields: webhook ? (JSON.parse(body) as Record<string, unknown>) : formOf(body),
      authorization: request.headers.authorization,
      agent: request.headers['user-agent'],
      at: performance.now(),
      answer: '',
    }
    this.calls.push(call)
    const interruption = this.next.shift()
    if (interruption && interruption(response, request) !== false) return
    const channel = webhook ? 'C0HOOK' : this.#idOf(call.fields['channel'])
    if (this.#strict && call.at - (this.#taken.get(channel) ?? Number.NEGATIVE_INFINITY) < 1_000) {
      call.answer = 'ratelimited'
      response.writeHead(429, { 'retry-after': '1' }).end('{"ok":false,"error":"ratelimited"}')
      return
    }
    this.#taken.set(channel, call.at)
    if (webhook) {
      const error = this.#refusal(call.fields) ?? this.#post(call.fields, 'C0HOOK', undefined, true).error
      call.answer = error ?? 'ok'
      response.writeHead(error ? 400 : 200, { 'content-type': 'text/html' }).end(error ?? 'ok')
      return
    }
    const answer = this.#answer(call)
    call.answer = answer.error ?? 'ok'
    response
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify({ ok: answer.error === undefined, ...answer }))
  }

  #idOf(channel: unknown): string {
    return this.channels.get(String(channel)) ?? String(channel)
  }

  #answer({ method, fields, authorization }: Call): { error?: string } {
    if (authorization !== `Bearer ${TOKEN}`) return { error: 'invalid_auth' }
    const { channel, ts, thread_ts, reply_broadcast, ...rest } = fields
    if (method === 'chat.postMessage') {
      const id = this.#idOf(channel)
      if (![...this.channels.values()].includes(id)) return { error: 'channel_not_found' }
      if (thread_ts !== undefined && !this.messages.has(String(thread_ts))) return { error: 'thread_not_found' }
      const error = this.#refusal(rest)
      if (error) return { error }
      return this.#post(rest, id, thread_ts as string | undefined, thread_ts === undefined || reply_broadcast === true)
    }
    if (method !== 'chat.update') return { error: 'unknown_method' }
    if (![...this.channels.values()].includes(String(channel))) return { error: 'channel_not_found' }
    const old = this.messages.get(String(ts))
    if (!old) return { error: 'message_not_found' }
    const error = this.#refusal(rest)
    if (error) return { error }
    const message = messageSchema.parse(rest)
    // A list of blocks that is left out stays as it was.
    const blocks = message.blocks ?? old.blocks
    this.messages.set(old.ts, { ...old, ...message, ...(blocks ? { blocks } : {}), changed: old.changed + 1 })
    return { channel, ts, text: message.text } as { error?: string }
  }

  #refusal(fields: Readonly<Record<string, unknown>>): string | undefined {
    const checked = messageSchema.safeParse(fields)
    if (checked.success) return checked.data.text === '' && !checked.data.blocks?.length ? 'no_text' : undefined
    this.refused.push(checked.error.message)
    return JSON.stringify(checked.error.issues[0]?.path).includes('blocks') ? 'invalid_blocks' : 'invalid_arguments'
  }

  #post(fields: Readonly<Record<string, unknown>>, channel: string, thread: string | undefined, inChannel: boolean): { error?: string } {
    const ts = `${++this.#ts}.000100`
    const message = messageSchema.parse(fields)
    this.messages.set(ts, { ...message, ts, thread, inChannel, changed: 0 })
    return { channel, ts, message: { type: 'message', ...message } } as { error?: string }
  }
}

/** Slack's clients send a form; lists and objects in it are JSON, and so are truth values. */
function formOf(body: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [key, value] of new URLSearchParams(body))
    fields[key] = key === 'blocks' || key === 'metadata' ? JSON.parse(value) : boolean(value)
  return fields
}

const boolean = (value: string): unknown => (value === 'true' ? true : value === 'false' ? false : value)
