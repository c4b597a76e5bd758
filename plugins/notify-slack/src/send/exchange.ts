import type { FetchFunction } from '@slack/webhook'
import { type Dispatcher, request } from 'undici'

/** What came back of one request. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
  /** False if it broke off, or was longer than is read. */
  readonly whole: boolean
}

/**
 * One request of one of Slack's clients, under our rules: a deadline for all of it, redirects not followed, no more of the answer read than
 * has its use. What happened is kept as it was, for the clients keep less of it: the outcome is judged by this.
 */
export class Exchange {
  answer: Answer | undefined
  error: unknown
  readonly #dispatcher: Dispatcher
  readonly #signal: AbortSignal
  readonly #limit: number

  /** `limit`: what is read of the answer, bytes. */
  constructor(dispatcher: Dispatcher, signal: AbortSignal, limit: number) {
    this.#dispatcher = dispatcher
    this.#signal = signal
    this.#limit = limit
  }

  get aborted(): boolean {
    return this.#signal.aborted
  }

  readonly fetch: FetchFunction = async (url, init = {}) => {
    try {
      const {
        statusCode: status,
        headers,
        body,
      } = await request(url, {
        method: 'POST',
        headers: { ...ownHeaders(init.headers), 'user-agent': 'cws' },
        body: typeof init.body === 'string' ? init.body : '',
        dispatcher: this.#dispatcher,
        signal: this.#signal,
      })
      const after = headers['retry-after']
      const { text, whole } = await read(body, this.#limit)
      this.answer = { status, retryAfter: typeof after === 'string' ? after : undefined, text, whole }
      return {
        ok: status >= 200 && status < 300,
        status,
        statusText: '',
        url: '',
        headers: { get: (name) => (name.toLowerCase() === 'retry-after' ? (this.answer?.retryAfter ?? null) : null), entries: () => [] },
        text: async () => text,
        json: async () => JSON.parse(text) as unknown,
        arrayBuffer: async () => new TextEncoder().encode(text).buffer,
      }
    } catch (error) {
      this.error = error
      throw error
    }
  }
}

/** The client's, but for the name that it gives itself: it tells versions of the host. */
function ownHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'user-agent'))
}

async function read(body: Dispatcher.ResponseData['body'], limit: number): Promise<{ text: string; whole: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  let whole = true
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length <= limit) continue
      whole = false
      break
    }
  } catch {
    whole = false
  }
  return { text: Buffer.concat(chunks).toString('utf8', 0, limit), whole }
}
