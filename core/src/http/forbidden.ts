import { BlockList, isIP, type LookupFunction } from 'node:net'
import { type Resolve, sharedLookup } from './names.ts'

/** Where clouds answer who is on the machine with its credentials, and where machines of one link find each other. Nobody takes notifications there. */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
// Metadata and other services of clouds outside the link-local ranges: AWS, Google Cloud, Oracle, Scaleway, Alibaba Cloud, Azure.
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6')
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6')
FORBIDDEN.addAddress('fd00:c1::a9fe:a9fe', 'ipv6')
FORBIDDEN.addAddress('fd00:42::42', 'ipv6')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')
FORBIDDEN.addAddress('168.63.129.16', 'ipv4')

/** For who lets a proxy resolve names. */
const NAMES = /^(metadata|instance-data|(metadata\.google|instance-data\.ec2|metadata\.azure)\.internal|metadata\.goog)\.?$/i

/** Whether an address is link-local or that of a cloud's metadata service. IPv4 inside IPv6, however it is put there, counts as what it is. */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  const family = isIP(plain)
  if (family === 4) return FORBIDDEN.check(plain, 'ipv4')
  if (family !== 6) return false
  return FORBIDDEN.check(plain, 'ipv6') || embedded(groupsOf(plain)).some((inner) => FORBIDDEN.check(inner, 'ipv4'))
}

/** Whether the host of a URL, an address or a name, is forbidden as it stands there. */
export function isForbiddenHost(host: string): boolean {
  return NAMES.test(host) || isForbiddenAddress(host.replace(/^\[|\]$/g, ''))
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // A URL writes every form of an IPv6 address in its shortest one, with numbers alone.
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(':').map((each) => Number.parseInt(each, 16)))
  const [first, last] = [numbers(head), numbers(tail)]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

/**
 * The IPv4 addresses that an IPv6 address may stand for: mapped and compatible (RFC 4291), translated (RFC 2765, RFC 6052), 6to4 (RFC 3056), Teredo
 * (RFC 4380: its server, and its client inverted), ISATAP (RFC 5214). Prefixes that a network chose for NAT64 by itself cannot be known.
 */
function embedded(groups: readonly number[]): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const starts = (...prefix: number[]): boolean => prefix.every((each, i) => groups[i] === each)
  const found: string[] = []
  const isLast =
    starts(0, 0, 0, 0, 0, 0) || starts(0, 0, 0, 0, 0, 0xffff) || starts(0, 0, 0, 0, 0xffff, 0) || starts(0x64, 0xff9b, 0, 0, 0, 0)
  const isIsatap = (e & 0xfdff) === 0 && f === 0x5efe
  if (isLast || isIsatap) found.push(dotted(g, h))
  // Its networks choose the length of their prefix: 48, 56, 64 or 96; bits 64 to 71 are left out (RFC 6052, 2.2).
  if (starts(0x64, 0xff9b, 1))
    found.push(dotted(d, between(e, f)), dotted(((d & 255) << 8) | (e & 255), f), dotted(between(e, f), between(f, g)), dotted(g, h))
  if (a === 0x2002) found.push(dotted(b, c))
  if (starts(0x2001, 0)) found.push(dotted(c, d), dotted(~g & 0xffff, ~h & 0xffff))
  return found
}

/** The last byte of one number and the first of the next. */
const between = (left: number, right: number): number => ((left & 255) << 8) | (right >> 8)
const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')

/**
 * A resolver for `lookup` of a connection that refuses names which lead to forbidden addresses, whatever else they lead to: the address that was
 * judged is the one that is connected to. Its error has the code `FORBIDDEN_ADDRESS`.
 */
export function safeLookup(resolve: Resolve = sharedLookup): LookupFunction {
  return (host, options, callback) =>
    resolve(host, options, (error, address, family) => {
      const all = typeof address === 'string' ? [address] : (address ?? []).map((each) => each.address)
      const refused = error === null && all.some(isForbiddenAddress)
      callback(
        refused ? Object.assign(new Error('the name leads to a forbidden address'), { code: 'FORBIDDEN_ADDRESS' }) : error,
        address,
        family,
      )
    })
}
