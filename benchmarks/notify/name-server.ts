import { createSocket, type Socket } from 'node:dgram'
import { setTimeout } from 'node:timers/promises'

/** A name server on an address of loopback that nothing else has: programs ask port 53 alone. */
export const NAME_SERVER = '127.83.1.7'

/** All names lead to 127.0.0.1; those that begin with `slow` are answered after 5 s. */
export async function startNameServer(): Promise<AsyncDisposable & { readonly answered: readonly string[] }> {
  const answered: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => void answer(socket, query, port, address, answered))
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(53, NAME_SERVER, resolve)
  })
  return { answered, [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) }
}

const SLOW_MS = 5_000
const HEADER = 12
const TYPE_A = 1

/** RFC 1035, 4.1: the question repeated, and one address where one was asked for. */
async function answer(socket: Socket, query: Buffer, port: number, address: string, answered: string[]): Promise<void> {
  const labels: string[] = []
  let at = HEADER
  while (at < query.length && query[at] !== 0) {
    const length = query[at] as number
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (end > query.length) return
  const isAddress = query.readUInt16BE(at + 1) === TYPE_A
  if (labels[0]?.startsWith('slow')) await setTimeout(SLOW_MS, undefined, { ref: false })
  answered.push(labels.join('.'))
  const head = Buffer.alloc(HEADER)
  head.writeUInt16BE(query.readUInt16BE(0), 0)
  head.writeUInt16BE(0x8580, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(isAddress ? 1 : 0, 6)
  // The name by a pointer to the question; type A, class IN, 0 s, 4 bytes.
  const record = Buffer.from([0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
  try {
    socket.send(Buffer.concat([head, query.subarray(HEADER, end), ...(isAddress ? [record] : [])]), port, address)
  } catch {
    // It was closed meanwhile.
  }
}
