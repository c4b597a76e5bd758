import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Logger, type Outcome, outcomeOfError } from '@cws/core'
import { Window } from './window.ts'

/** A connection that lives for so long was one, ms. */
const LIVED_MS = 5_000
/** How long a new connection is watched before anything is written: a relay without a receiver, or a server that does not like our certificate, closes it at once. */
const SETTLE_MS = 100
const LONGEST_SETTLE_MS = 5_000
/** Between tries to write again what was in doubt. */
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 60_000
/** How long a connection is given to end. */
const GOODBYE_MS = 500

export interface LinkOptions {
  /** Opens a connection. */
  readonly dial: (signal: AbortSignal) => Promise<Socket>
  readonly timeout: number
  readonly log: Logger
}

/** One connection to the receiver, made anew when it breaks, with what was written last written again. */
export class Link {
  readonly #options: LinkOptions
  readonly #window = new Window()
  readonly #closing = new AbortController()
  #socket: Socket | undefined
  #opening: Promise<Socket> | undefined
  #timer: NodeJS.Timeout | undefined
  #wait = FIRST_WAIT_MS
  #settle = SETTLE_MS

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Writes a frame. Delivered is what the system has taken for a connection that stands; what that is worth `Window` says. */
  async write(frame: Buffer, stop: AbortSignal): Promise<Outcome> {
    let socket: Socket
    try {
      socket = await unless(stop, this.#connection())
    } catch (error) {
      if (error instanceof ClosedAtOnce) return { result: 'retry', detail: error.message }
      const outcome = outcomeOfError(error, stop.aborted)
      // Not a byte of it has left.
      return outcome.result === 'ambiguous' ? { ...outcome, result: 'retry' } : outcome
    }
    try {
      await unless(stop, new Promise<void>((resolve, reject) => socket.write(frame, (error) => (error ? reject(error) : resolve()))))
    } catch (error) {
      // A part of it may have left: nothing can follow it.
      socket.destroy()
      return stop.aborted ? { result: 'ambiguous', detail: 'the receiver takes nothing any more' } : outcomeOfError(error, false)
    }
    this.#window.add(frame, performance.now())
    return { result: 'delivered' }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'))
    clearTimeout(this.#timer)
    await this.#opening?.catch(() => {})
    const socket = this.#socket
    if (!socket || socket.destroyed) return
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS)
    socket.end()
    await gone
    clearTimeout(timer)
  }

  async #connection(): Promise<Socket> {
    if (this.#socket?.writable) return this.#socket
    this.#opening ??= this.#open()
      .catch((error) => {
        this.#restore()
        throw error
      })
      .finally(() => {
        this.#opening = undefined
      })
    return await this.#opening
  }

  async #open(): Promise<Socket> {
    clearTimeout(this.#timer)
    const { dial, timeout, log } = this.#options
    const socket = await dial(AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeout)]))
    const opened = performance.now()
    // Nothing is expected of it; unread it would never be seen to end.
    socket.resume()
    try {
      await settled(socket, this.#settle, this.#closing.signal)
    } catch (error) {
      socket.destroy()
      this.#settle = Math.min(this.#settle * 5, LONGEST_SETTLE_MS)
      throw error
    }
    this.#socket = socket
    let failed = false
    socket.on('error', () => {
      failed = true
    })
    socket.once('end', () => this.#lose(socket))
    socket.once('close', () => {
      this.#lose(socket)
      const now = performance.now()
      this.#settle = now - opened < LIVED_MS ? Math.min(this.#settle * 5, LONGEST_SETTLE_MS) : SETTLE_MS
      if (!failed) this.#window.keepYoung(now)
      this.#restore()
    })
    const frames = this.#window.again(opened)
    if (frames.length > 0)
      log.info({ records: frames.length }, 'connected again: what may not have arrived is sent again, with the same keys')
    for (const frame of frames) socket.write(frame)
    this.#wait = FIRST_WAIT_MS
    return socket
  }

  #lose(socket: Socket): void {
    if (this.#socket === socket) this.#socket = undefined
  }

  /** Sees to it that what is in doubt is written again, also when nothing new comes. */
  #restore(): void {
    if (this.#closing.signal.aborted || this.#window.size === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#connection().catch(() => {}), this.#wait * (0.5 + Math.random() / 2))
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
  }
}

class ClosedAtOnce extends Error {}

/** Waits until a connection has stood for a while, or its server has finished the handshake of TLS 1.3, which comes after ours. Rejects if it ends before. */
async function settled(socket: Socket | TLSSocket, ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const ended = (): void => reject(new ClosedAtOnce('the receiver closes the connection at once'))
  const timer = setTimeout(resolve, ms)
  socket.once('session', resolve).once('error', reject).once('end', ended).once('close', ended)
  try {
    await unless(stop, promise)
    if (!socket.writable) ended()
    await promise
  } finally {
    clearTimeout(timer)
    socket.off('session', resolve).off('error', reject).off('end', ended).off('close', ended)
  }
}

async function unless<T>(stop: AbortSignal, promise: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  const abort = (): void => stopped.reject(stop.reason)
  stop.addEventListener('abort', abort, { once: true })
  if (stop.aborted) abort()
  try {
    return await Promise.race([promise, stopped.promise])
  } finally {
    stop.removeEventListener('abort', abort)
    // One that is given up must not count as unhandled.
    promise.catch(() => {})
  }
}
