import type { Socket } from 'node:net'

interface Connection {
  readonly peer: string
  /** Its request is complete: it waits for us, not we for it. */
  asked: boolean
}

/**
 * The open connections of a server that asks nobody who he is, so few that they cost nothing and never so full that a new one is turned away: when
 * it comes, another goes. That is one of the peer that has the most; of these the oldest that has not asked yet, else the oldest.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>()
  readonly #most: number
  readonly #ms: number

  /** `most`: connections at a time. `ms`: no connection lives longer, whatever the other side does. */
  constructor(most: number, ms: number) {
    this.#most = most
    this.#ms = ms
  }

  get size(): number {
    return this.#open.size
  }

  add(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.#ms)
    this.#open.set(socket, { peer: peerOf(socket.remoteAddress), asked: false })
    socket.once('close', () => {
      clearTimeout(timer)
      this.#open.delete(socket)
    })
    if (this.#open.size > this.#most) this.#makeRoom()
  }

  /** A request came whole. */
  asked(socket: Socket): void {
    const connection = this.#open.get(socket)
    if (connection) connection.asked = true
  }

  #makeRoom(): void {
    const counts = new Map<string, number>()
    for (const { peer } of this.#open.values()) counts.set(peer, (counts.get(peer) ?? 0) + 1)
    const most = Math.max(...counts.values())
    let first: Socket | undefined
    let silent: Socket | undefined
    for (const [socket, { peer, asked }] of this.#open) {
      if (counts.get(peer) !== most) continue
      first ??= socket
      if (!asked) silent ??= socket
    }
    const victim = silent ?? first
    if (!victim) return
    this.#open.delete(victim)
    victim.destroy()
  }
}

/** All of loopback is one peer: who is on this host can come from any of its addresses. So are those of one IPv6 network. */
function peerOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (plain === '::1' || plain.startsWith('127.')) return 'loopback'
  return plain.includes(':') ? networkOf(plain) : plain
}

/** The first 64 bits of an IPv6 address as it is written in short. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const first = head.split(':').filter(Boolean)
  const last = tail?.split(':').filter(Boolean) ?? []
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}
