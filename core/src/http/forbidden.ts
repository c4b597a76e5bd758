import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Where clouds answer who is on the machine with its credentials, and where machines of one link find each other. Nobody takes notifications there. */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
// Metadata services outside the link-local ranges: AWS, Google Cloud, Alibaba Cloud, Azure.
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')
FORBIDDEN.addAddress('168.63.129.16', 'ipv4')

/** For who lets a proxy resolve names. */
const NAMES = /^(metadata|instance-data|(metadata\.google|instance-data\.ec2|metadata\.azure)\.internal|metadata\.goog)\.?$/i

/** Whether an address is link-local or that of a cloud's metadata service. IPv4 inside IPv6, mapped or translated (NAT64), counts as what it is. */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  const family = isIP(plain)
  if (family === 4) return FORBIDDEN.check(plain, 'ipv4')
  if (family !== 6) return false
  if (FORBIDDEN.check(plain, 'ipv6')) return true
  const inner = embedded(plain)
  return inner !== undefined && FORBIDDEN.check(inner, 'ipv4')
}

/** Whether the host of a URL, an address or a name, is forbidden as it stands there. */
export function isForbiddenHost(host: string): boolean {
  return NAMES.test(host) || isForbiddenAddress(host.replace(/^\[|\]$/g, ''))
}

/** The IPv4 address in the last 32 bits of `::ffff:0:0/96` or `64:ff9b::/96`. */
function embedded(address: string): string | undefined {
  // A URL writes every form of an IPv6 address in its shortest one, with numbers alone.
  const shortest = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const match = /^(?:::ffff|64:ff9b:):(?:([\da-f]{1,4}):)?([\da-f]{1,4})$/.exec(shortest)
  if (!match) return undefined
  const high = Number.parseInt(match[1] ?? '0', 16)
  const low = Number.parseInt(match[2] as string, 16)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

type Resolve = (
  host: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void

/**
 * A resolver for `lookup` of a connection that refuses names which lead to forbidden addresses, whatever else they lead to: the address that was
 * judged is the one that is connected to. Its error has the code `FORBIDDEN_ADDRESS`.
 */
export function safeLookup(resolve: Resolve = lookup as Resolve): LookupFunction {
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
