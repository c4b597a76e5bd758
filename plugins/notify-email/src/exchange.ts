import { once } from 'node:events'
import { connect, type LookupFunction, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { sharedLookup } from '@cws/core'
import SMTPConnection, { type SMTPConnectionAuth, type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'
import XOAuth2 from 'nodemailer/lib/xoauth2'

/** What a server's answer may be, bytes. */
const MAX_ANSWER = 16 * 1024
/** How long a server is given to say goodbye. */
const GOODBYE_MS = 2_000

export interface Server {
  readonly host: string
  readonly port: number
  readonly tls: 'starttls' | 'implicit' | 'none'
  readonly ehlo: string | undefined
  readonly timeout: number
}

/** What is read anew for each mail, so that it may be replaced while the agent runs. */
export interface Access {
  readonly credentials: Credentials | undefined
  /** The authorities to trust instead of the usual ones, PEM. */
  readonly ca: string | undefined
}

/** A password, or an access token of OAuth 2.0 (the mechanism XOAUTH2). */
export type Credentials = { readonly user: string } & ({ readonly password: string } | { readonly token: string })

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

/** The answer for one recipient who was refused. */
export interface Refusal {
  readonly recipient: string
  readonly reply: string
}

/** How an exchange ended that reached the recipients. `reply`: what the server said when it took the mail; undefined where it would take it for nobody. */
export interface Answered {
  readonly accepted: readonly string[]
  readonly refused: readonly Refusal[]
  readonly reply: string | undefined
}

/**
 * How far an exchange came. `sent`: the mail has gone out to its end, so that without an answer nobody knows whether it was taken. Until then no
 * server can have taken it.
 */
export type Stage = 'connect' | 'login' | 'mail' | 'sent'

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly stage: Stage

  constructor(stage: Stage, cause: unknown) {
    super('the exchange with the mail server failed', { cause })
    this.stage = stage
  }
}

/** The server's connections. One for each mail: nothing is kept open that could have died in the meantime. */
export class Exchanges {
  readonly #open = new Set<SMTPConnection>()
  readonly #server: Server
  readonly #options: SMTPConnectionOptions

  constructor(server: Server) {
    const { host, port, tls, ehlo, timeout } = server
    this.#server = server
    this.#options = {
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      name: ehlo,
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      maxResponseSize: MAX_ANSWER,
      socketCloseTimeout: 0,
    }
  }

  /** Hands a mail over. Throws `ExchangeError` for all that ends before the recipients are judged, or after it without an answer that takes the mail. */
  async send(envelope: Envelope, { credentials, ca }: Access, mail: string, signal: AbortSignal): Promise<Answered> {
    let stage: Stage = 'connect'
    let connection: SMTPConnection | undefined
    const broken = Promise.withResolvers<never>()
    broken.promise.catch(() => {})
    const abort = (): void => broken.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const step = <T>(act: (done: (error: unknown, value?: T) => void) => void): Promise<T> =>
      Promise.race([
        broken.promise,
        new Promise<T>((resolve, reject) => act((error, value) => (error ? reject(error) : resolve(value as T)))),
      ])
    try {
      const open = this.#over(await dial(this.#server, signal), ca)
      connection = open
      // Stays to the end: a connection may break while it is being closed.
      open.on('error', broken.reject)
      await step<void>((done) => open.connect((error?: unknown) => done(error)))
      if (credentials) {
        stage = 'login'
        if (!open.allowsAuth) throw new Error('the server offers no login')
        await step((done) => open.login(authOf(credentials), done))
      }
      stage = 'mail'
      const bytes = Readable.from([Buffer.from(mail)]).on('end', () => {
        stage = 'sent'
      })
      const { from, to } = envelope
      const sent = await step<Taken>((done) =>
        open.send({ from, to: [...to], size: Buffer.byteLength(mail) }, bytes, done as Parameters<SMTPConnection['send']>[2]),
      )
      this.#goodbye(open)
      return { accepted: sent.accepted, refused: refusals(sent.rejectedErrors), reply: sent.response }
    } catch (error) {
      connection?.close()
      const refused = refusals((error as Partial<Taken>).rejectedErrors)
      if (refused.length > 0) return { accepted: [], refused, reply: undefined }
      throw new ExchangeError(stage, error)
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #over(socket: Socket, ca: string | undefined): SMTPConnection {
    const connection = new SMTPConnection({ ...this.#options, tls: ca === undefined ? {} : { ca }, connection: socket })
    this.#open.add(connection)
    connection.once('end', () => this.#open.delete(connection))
    return connection
  }

  /** Breaks off what is open. */
  close(): void {
    for (const connection of [...this.#open]) connection.close()
  }

  /** Nobody waits for the answer: the mail has been taken. */
  #goodbye(connection: SMTPConnection): void {
    const timer = setTimeout(() => connection.close(), GOODBYE_MS)
    connection.once('end', () => clearTimeout(timer))
    connection.quit()
  }
}

function authOf(credentials: Credentials): SMTPConnectionAuth {
  const { user } = credentials
  // Without anything to renew the token with, so it never calls anybody.
  if ('token' in credentials) return { method: 'XOAUTH2', user, oauth2: new XOAuth2({ user, accessToken: credentials.token }) }
  return { credentials: { user, pass: credentials.password } }
}

/** Looks the host up as all programs of this machine do, its hosts file included: Nodemailer would ask the name servers, even for this very host. */
async function dial({ host, port }: Server, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, signal, lookup: host === 'localhost' ? thisHost : sharedLookup })
  await once(socket, 'connect')
  // Until somebody else listens: what breaks now is told by the first thing that is read.
  return socket.on('error', () => {})
}

/** Whatever a name server says: what goes there may be unencrypted. */
const thisHost: LookupFunction = (_, { all }, found) => {
  if (all)
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ])
  else found(null, '127.0.0.1', 4)
}

interface Taken {
  readonly accepted: readonly string[]
  readonly rejectedErrors?: readonly { readonly recipient?: string; readonly response?: string }[]
  readonly response: string
}

function refusals(errors: Taken['rejectedErrors']): Refusal[] {
  return (errors ?? []).map(({ recipient, response }) => ({ recipient: recipient ?? '', reply: response ?? '' }))
}
