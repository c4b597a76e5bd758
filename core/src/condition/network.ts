import { isIP } from 'node:net'

/** An address is a network of one. An IPv4 address that is written as IPv6 (`::ffff:10.1.2.3`) is IPv4. */
export interface Network {
  readonly bits: 32 | 128
  readonly base: bigint
  readonly prefix: number
}

const MAPPED = 0xffffn

/** Undefined for what is no address (`10.1.2.3`, `fe80::1`) and no network (`10.0.0.0/8`). */
export function parseNetwork(text: string): Network | undefined {
  const [address, length, ...rest] = text.split('/') as [string, ...string[]]
  if (rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  const family = isIP(address)
  if (family === 0) return undefined
  const bits = family === 4 ? 32 : 128
  const prefix = length === undefined ? bits : Number(length)
  if (prefix > bits) return undefined
  const whole = family === 4 ? ofBytes(address) : ofGroups(address.split('%')[0] as string)
  const base = (whole >> BigInt(bits - prefix)) << BigInt(bits - prefix)
  if (family === 6 && prefix >= 96 && whole >> 32n === MAPPED) return { bits: 32, base: base & 0xffff_ffffn, prefix: prefix - 96 }
  return { bits, base, prefix }
}

/** Whether one of them holds the other. */
export function overlap(a: Network, b: Network): boolean {
  if (a.bits !== b.bits) return false
  const shift = BigInt(a.bits - Math.min(a.prefix, b.prefix))
  return a.base >> shift === b.base >> shift
}

/** What overlaps one of many: a look-up for each length of prefix among them, however many there are. */
export function overlapsAny(networks: readonly Network[]): (one: Network) => boolean {
  const groups = [...Map.groupBy(networks, ({ bits, prefix }) => `${bits}/${prefix}`).values()].map((group) => {
    const { bits, prefix } = group[0] as Network
    return { bits, prefix, starts: new Set(group.map(({ base }) => base >> BigInt(bits - prefix))) }
  })
  return (one) =>
    groups.some(({ bits, prefix, starts }) => {
      if (bits !== one.bits) return false
      if (prefix <= one.prefix) return starts.has(one.base >> BigInt(bits - prefix))
      const start = one.base >> BigInt(bits - one.prefix)
      const narrower = BigInt(prefix - one.prefix)
      for (const other of starts) if (other >> narrower === start) return true
      return false
    })
}

/** `::` is what nothing has for an address. */
export function isNowhere({ bits, base, prefix }: Network): boolean {
  return bits === 128 && base === 0n && prefix === 128
}

function ofBytes(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

function ofGroups(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  if (dotted) {
    const low = ofBytes(dotted[2] as string)
    return ofGroups(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...before, ...Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill('0'), ...after]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}
