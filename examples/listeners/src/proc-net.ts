import { closeSync, openSync, readSync } from 'node:fs'

export const AF_INET = 2
export const AF_INET6 = 10

/** A listening socket as /proc/net/tcp and tcp6 tell it. */
export interface ListeningSocket {
  readonly port: number
  readonly address: string
  readonly family: typeof AF_INET | typeof AF_INET6
  readonly uid: number
  readonly inode: bigint
}

/** More text than this is not read: about 100,000 listening sockets. */
const MAX_BYTES = 16 * 1024 * 1024
/** TCP_LISTEN of the kernel's net/tcp_states.h. */
const LISTEN = '0A'
// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
const LINE = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)(?: |$)/

/** Reads one line; undefined if it is none of a socket. `listening` is false for every state but TCP_LISTEN. */
export function parseLine(line: string): { readonly listening: boolean; readonly socket: ListeningSocket } | undefined {
  const match = LINE.exec(line)
  if (!match) return undefined
  const [, address, port, state, uid, inode] = match as unknown as [string, string, string, string, string, string]
  const bytes = addressBytes(address)
  return {
    listening: state === LISTEN,
    socket: {
      port: Number.parseInt(port, 16),
      address: bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes),
      family: bytes.length === 4 ? AF_INET : AF_INET6,
      uid: Number(uid),
      inode: BigInt(inode),
    },
  }
}

/** The kernel prints each 32 bits of an address in network order as a number of this machine, which is little-endian. */
function addressBytes(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex')
  return bytes.swap32()
}

/** Text of an IPv6 address by RFC 5952: lower case, the longest run of zeros shortened; IPv4-mapped ones with dots. */
export function ipv6Text(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2))
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return `::ffff:${bytes.slice(12).join('.')}`
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':')
  if (best.length === 1) return text(words)
  return `${text(words.slice(0, best.start))}::${text(words.slice(best.start + best.length))}`
}

/** The listening sockets of one file. The kernel lists them before all others, so a host with many connections costs no more than its listeners. */
export function readListening(file: string): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = []
  const chunk = Buffer.allocUnsafe(64 * 1024)
  const fd = openSync(file, 'r')
  try {
    let rest = ''
    for (let total = 0; total < MAX_BYTES; ) {
      const length = readSync(fd, chunk)
      if (length === 0) return sockets
      total += length
      const lines = (rest + chunk.toString('latin1', 0, length)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const parsed = parseLine(line)
        if (parsed && !parsed.listening) return sockets
        if (parsed) sockets.push(parsed.socket)
      }
    }
    return sockets
  } finally {
    closeSync(fd)
  }
}
