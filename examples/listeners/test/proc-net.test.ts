import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { AF_INET, AF_INET6, ipv6Text, parseLine, readListening } from '../src/proc-net.ts'

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const line = (address: string, state: string, inode: number, uid = 33) =>
  `   0: ${address} ${'0'.repeat(address.indexOf(':'))}:0000 ${state} 00000000:00000000 00:00000000 00000000  ${String(uid).padStart(4)}        0 ${inode} 1 0000000000000000 100 0 0 10 0`

const folder = mkdtempSync(join(tmpdir(), 'cws-listeners-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (...lines: string[]) => {
  const path = join(folder, 'tcp')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('/proc/net/tcp', () => {
  it('is read as the kernel writes it', () => {
    expect(parseLine(line('0100007F:1F90', '0A', 4711))).toEqual({
      listening: true,
      socket: { port: 8080, address: '127.0.0.1', family: AF_INET, uid: 33, inode: 4711n },
    })
    expect(parseLine(line('00000000000000000000000001000000:0050', '0A', 1))?.socket).toMatchObject({
      port: 80,
      address: '::1',
      family: AF_INET6,
    })
    expect(parseLine(line('0000000000000000FFFF00000100007F:0050', '0A', 1))?.socket.address).toBe('::ffff:127.0.0.1')
    expect(parseLine(line('0100007F:1F90', '01', 4711))?.listening).toBe(false)
    expect(parseLine(HEADER)).toBeUndefined()
  })

  it('is read to the end of the listeners, however many connections follow', () => {
    const listening = Array.from({ length: 3_000 }, (_, i) => line('00000000:0016', '0A', i + 1))
    const path = file(HEADER, ...listening, line('0100007F:0016', '01', 9_999), line('00000000:0017', '0A', 10_000))
    expect(readListening(path).map(({ inode }) => Number(inode))).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1))
  })

  it('gives nothing for text that is none of its own, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([undefined, 'object']).toContain(typeof parseLine(text) === 'object' ? 'object' : parseLine(text))
      }),
    )
  })

  it('has addresses that say what they are', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const bytes = bytesOf(address)
        const text = ipv6Text(bytes)
        expect(bytesOf(text)).toEqual(bytes)
        expect(text.length).toBeLessThanOrEqual(45)
      }),
    )
  })
})

/** The bytes of an IPv6 address, by URL's own parser. */
function bytesOf(address: string): Uint8Array {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::') as [string?, string?]
  const words = (part: string | undefined) => (part ? part.split(':').map((word) => Number.parseInt(word, 16)) : [])
  const left = words(head)
  const right = words(tail)
  const all = tail === undefined ? left : [...left, ...new Array(8 - left.length - right.length).fill(0), ...right]
  return Uint8Array.from(all.flatMap((word: number) => [word >> 8, word & 0xff]))
}
