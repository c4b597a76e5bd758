import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { SecretRef } from '../config/secret.ts'
import { safeLookup } from './forbidden.ts'

const CONNECTIONS = 4
const MAX_ANSWER_HEADERS = 16 * 1024

/** The options that connections are made of: those of `httpOptions`, and a certificate that proves who calls (PEM files, the key perhaps a secret). */
export interface ConnectionOptions {
  readonly timeout: number
  readonly proxy?: string | SecretRef | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | SecretRef | undefined
}

interface Tls {
  readonly timeout: number
  readonly secureContext?: SecureContext
}
interface AgentOptions {
  readonly connections: number
  readonly pipelining: number
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly maxHeaderSize: number
  readonly connect: Tls & { readonly lookup: LookupFunction }
}
interface Closable {
  close(): Promise<void>
  destroy(): Promise<void>
}

/**
 * The classes of undici, brought by who sends with its `request`: `import { Agent, ProxyAgent } from 'undici'`. So both are of one version, and core reads
 * undici only where something is sent.
 */
export interface Client<D extends Closable> {
  readonly Agent: new (options: AgentOptions) => D
  readonly ProxyAgent: new (options: AgentOptions & { readonly uri: string; readonly requestTls: Tls; readonly proxyTls: Tls }) => D
}

/** What connections are made with: texts, so that a change can be seen. */
type Material = Readonly<Record<'ca' | 'cert' | 'key' | 'proxy', string | undefined>>

/**
 * Connections of one destination alone, so that it cannot hold up another; to link-local addresses and metadata services there are none. They are made
 * anew when certificates, key or proxy have changed.
 */
export class Connections<D extends Closable> {
  readonly #client: Client<D>
  readonly #options: ConnectionOptions
  readonly #secret: (ref: SecretRef) => string
  #material: Material
  #dispatcher: D

  /** @throws Error if a file cannot be read or is no certificate or key, or the two do not belong together */
  constructor(client: Client<D>, ctx: { readonly options: ConnectionOptions; secret(ref: SecretRef): string }) {
    this.#client = client
    this.#options = ctx.options
    this.#secret = (ref) => ctx.secret(ref)
    this.#material = this.#read()
    this.#dispatcher = this.#make(this.#material)
  }

  /** undici's dispatcher to use now. @throws as the constructor does */
  current(): D {
    const material = this.#read()
    const old = this.#material
    if ((Object.keys(material) as (keyof Material)[]).every((name) => material[name] === old[name])) return this.#dispatcher
    const dispatcher = this.#make(material)
    // Requests under way end on the old ones.
    void this.#dispatcher.close().catch(() => {})
    this.#dispatcher = dispatcher
    this.#material = material
    return dispatcher
  }

  /** Ends all of them at once. */
  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  #read(): Material {
    const { ca, cert, key, proxy } = this.#options
    const read = (path: string | undefined): string | undefined => (path === undefined ? undefined : readFileSync(path, 'utf8'))
    return {
      ca: read(ca),
      cert: read(cert),
      key: typeof key === 'object' ? this.#secret(key) : read(key),
      proxy: typeof proxy === 'object' ? this.#secret(proxy) : proxy,
    }
  }

  #make({ proxy, ...texts }: Material): D {
    const { timeout } = this.#options
    const given = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined))
    const tls: Tls = { timeout, ...(Object.keys(given).length > 0 && { secureContext: createSecureContext(given) }) }
    const options: AgentOptions = {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      maxHeaderSize: MAX_ANSWER_HEADERS,
      connect: { ...tls, lookup: safeLookup() },
    }
    const { Agent, ProxyAgent } = this.#client
    return proxy === undefined ? new Agent(options) : new ProxyAgent({ ...options, uri: proxy, requestTls: tls, proxyTls: tls })
  }
}
