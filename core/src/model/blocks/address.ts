import { ADDRESS_FAMILIES } from '../constants/sockets.ts'
import { int, string } from '../field.ts'
import { endpointBlock } from './network.ts'

/** The address of a socket. */
export const addressBlock = { family: int('Address family', { constants: ADDRESS_FAMILIES }), ...endpointBlock } as const

/** The address of the other side, with what it was called when its name was looked up. */
export const peerBlock = { ...addressBlock, hostname: string('Name that was resolved to the address', { caseless: true }) } as const
