import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type NotifierContext, safeLookup } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { WebhookOptions } from './options.ts'

const CONNECTIONS = 4
const MAX_ANSWER_HEADERS = 16 * 1024

/** What connections are made with: texts, so that a change can be seen. */
interface Material {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly proxy: string | undefined
}

/** Connections of this destination alone, so that it cannot hold up another. They are made anew when certificates, key or proxy have changed. */
export class Connections {
  readonly #ctx: NotifierContext<WebhookOptions>
  #material: Material
  #dispatcher: Dispatcher

  /** @throws Error if a file cannot be read or is no certificate or key, or the two do not belong together */
  constructor(ctx: NotifierContext<WebhookOptions>) {
    this.#ctx = ctx
    this.#material = materialOf(ctx)
    this.#dispatcher = dispatcherFor(this.#material, ctx.options.timeout)
  }

  /** Those to use now. @throws as the constructor does */
  current(): Dispatcher {
    const material = materialOf(this.#ctx)
    const old = this.#material
    if ((Object.keys(material) as (keyof Material)[]).some((name) => material[name] !== old[name])) {
      const dispatcher = dispatcherFor(material, this.#ctx.options.timeout)
      // Tries under way end on the old ones.
      void this.#dispatcher.close().catch(() => {})
      this.#dispatcher = dispatcher
      this.#material = material
    }
    return this.#dispatcher
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }
}

function materialOf({ options, secret }: NotifierContext<WebhookOptions>): Material {
  const { ca, cert, key, proxy } = options
  const read = (path: string): string => readFileSync(path, 'utf8')
  return {
    ca: ca === undefined ? undefined : read(ca),
    cert: cert === undefined ? undefined : read(cert),
    key: key === undefined ? undefined : typeof key === 'string' ? read(key) : secret(key),
    proxy: proxy === undefined || typeof proxy === 'string' ? proxy : secret(proxy),
  }
}

function dispatcherFor({ proxy, ...material }: Material, timeout: number): Dispatcher {
  const given = Object.fromEntries(Object.entries(material).filter(([, text]) => text !== undefined))
  const tls = Object.keys(given).length === 0 ? {} : { secureContext: createSecureContext(given) }
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
