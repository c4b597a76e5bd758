import { endpointBlock } from '../blocks/network.ts'
import { L3_PROTOCOLS, L4_PROTOCOLS } from '../constants/network.ts'
import { defineEvent } from '../define-event.ts'
import { int, int64, iterated, string } from '../field.ts'

export const networkFlowMonitor = defineEvent('network_flow_monitor', {
  doc: 'How much went over the connections of a process, told from time to time.',
  fields: {
    device: { ifname: string('Name of the network device') },
    flows: iterated('How many flows there are', {
      source: endpointBlock,
      destination: endpointBlock,
      l3_protocol: int('Protocol of the network layer', { constants: L3_PROTOCOLS }),
      l4_protocol: int('Protocol of the transport layer', { constants: L4_PROTOCOLS }),
      ingress: { data_size: int64('Bytes that came'), packet_count: int64('Packets that came') },
      egress: { data_size: int64('Bytes that went'), packet_count: int64('Packets that went') },
    }),
  },
})
