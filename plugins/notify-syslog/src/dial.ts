import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls'
import { type NotifierContext, safeLookup } from '@cws/core'
import { portOf, type SyslogOptions } from './options.ts'

/** After so long without a word the other side is asked whether it is there, ms. */
const KEEP_ALIVE_MS = 15_000

/** A connection to the receiver, whose name is proved. Rejects with the socket's error; what breaks later is told by `close`. */
export async function dial(ctx: NotifierContext<SyslogOptions>, signal: AbortSignal): Promise<Socket> {
  const { host, tls, serverName = host } = ctx.options
  const address = { host, port: portOf(ctx.options), lookup: host === 'localhost' ? thisHost : safeLookup() }
  const socket = tls
    ? tlsConnect({ ...address, secureContext: secureContextOf(ctx), ...nameOf(serverName) })
    : connect({ ...address, noDelay: true })
  // Once it is connected nobody else listens.
  socket.on('error', () => {})
  try {
    await once(socket, tls ? 'secureConnect' : 'connect', { signal })
  } catch (error) {
    socket.destroy()
    throw error
  }
  return socket.setKeepAlive(true, KEEP_ALIVE_MS)
}

/** Certificates and key as they are now. @throws Error if one cannot be read or is none, or the two do not belong together */
export function secureContextOf(ctx: NotifierContext<SyslogOptions>): SecureContext {
  const { ca, cert, key } = ctx.options
  const read = (path: string): string => readFileSync(path, 'utf8')
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert) }),
    ...(key !== undefined && { key: typeof key === 'string' ? read(key) : ctx.secret(key) }),
  })
}

/** Addresses are no names that a server could be asked for; they are looked for in its certificate all the same. */
const nameOf = (name: string): { servername?: string } => (isIP(name) ? {} : { servername: name })

/** Whatever a name server says: what goes there may be unencrypted. */
const thisHost: LookupFunction = (_, { all }, found) => {
  if (all)
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ])
  else found(null, '127.0.0.1', 4)
}
