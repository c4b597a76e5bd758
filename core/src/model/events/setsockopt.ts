import { retval } from '../blocks/retval.ts'
import { ADDRESS_FAMILIES, SOCKET_LEVELS, SOCKET_OPTIONS, SOCKET_PROTOCOLS, SOCKET_TYPES } from '../constants/sockets.ts'
import { defineEvent } from '../define-event.ts'
import { bool, int, ints, string } from '../field.ts'

export const setsockopt = defineEvent('setsockopt', {
  doc: 'An option of a socket was set.',
  fields: {
    level: int('Level of the option', { constants: SOCKET_LEVELS }),
    optname: int('The option, whose number means something within its level only', { constants: SOCKET_OPTIONS }),
    socket_family: int('Address family of the socket', { constants: ADDRESS_FAMILIES }),
    socket_type: int('Type of the socket', { constants: SOCKET_TYPES }),
    socket_protocol: int('Protocol of the socket', { constants: SOCKET_PROTOCOLS }),
    filter_len: int('Instructions of the filter, of SO_ATTACH_FILTER'),
    filter_hash: string('Digest of the filter'),
    filter_instructions: string('The filter as text'),
    is_filter_truncated: bool('The filter was longer than the sensor keeps'),
    used_immediates: ints('Constants that the filter uses'),
    retval,
  },
})
