import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type NotifierContext, safeLookup } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { SlackOptions } from '../options.ts'

const CONNECTIONS = 2
const MAX_ANSWER_HEADERS = 16 * 1024

/** What connections are made with: texts, so that a change can be seen. */
interface Material {
  readonly ca: string | undefined
  readonly proxy: string | undefined
}

/** Connections of this destination alone, so that it cannot hold up another. They are made anew when authorities or proxy have changed. */
export class Connections {
  readonly #ctx: NotifierContext<SlackOptions>
  #material: Material
  #dispatcher: Dispatcher

  /** @throws Error if the file of authorities cannot be read or holds none */
  constructor(ctx: NotifierContext<SlackOptions>) {
    this.#ctx = ctx
    this.#material = materialOf(ctx)
    this.#dispatcher = dispatcherFor(this.#material, ctx.options.timeout)
  }

  /** Those to use now. @throws as the constructor does */
  current(): Dispatcher {
    const material = materialOf(this.#ctx)
    if (material.ca === this.#material.ca && material.proxy === this.#material.proxy) return this.#dispatcher
    const dispatcher = dispatcherFor(material, this.#ctx.options.timeout)
    // Requests under way end on the old ones.
    void this.#dispatcher.close().catch(() => {})
    this.#dispatcher = dispatcher
    this.#material = material
    return dispatcher
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }
}

function materialOf({ options, secret }: NotifierContext<SlackOptions>): Material {
  const { ca, proxy } = options
  return {
    ca: ca === undefined ? undefined : readFileSync(ca, 'utf8'),
    proxy: proxy === undefined || typeof proxy === 'string' ? proxy : secret(proxy),
  }
}

function dispatcherFor({ ca, proxy }: Material, timeout: number): Dispatcher {
  const tls = ca === undefined ? {} : { secureContext: createSecureContext({ ca }) }
  const limits = {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxHeaderSize: MAX_ANSWER_HEADERS,
    connect: { ...tls, timeout, lookup: safeLookup() },
  }
  if (proxy === undefined) return new Agent(limits)
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: { ...tls, timeout }, proxyTls: { ...tls, timeout } })
}
