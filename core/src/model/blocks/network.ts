import { ICMP_TYPES, L3_PROTOCOLS, L4_PROTOCOLS, NETWORK_DIRECTIONS } from '../constants/network.ts'
import { bool, int, ip, string } from '../field.ts'

/** One end of a connection. */
export const endpointBlock = {
  ip: ip('Address'),
  port: int('Port'),
  is_public: bool('The address is not of a private network'),
} as const

/** A packet. SECL's network block. */
export const networkBlock = {
  source: endpointBlock,
  destination: endpointBlock,
  l3_protocol: int('Protocol of the network layer', { constants: L3_PROTOCOLS }),
  l4_protocol: int('Protocol of the transport layer', { constants: L4_PROTOCOLS }),
  size: int('Size in bytes'),
  type: int('Type within the protocol, of ICMP and ICMPv6', { constants: ICMP_TYPES }),
  network_direction: int('Whether it came or went', { constants: NETWORK_DIRECTIONS }),
  device: { ifname: string('Name of the network device') },
} as const
