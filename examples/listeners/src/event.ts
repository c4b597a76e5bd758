import { defineEvent, int, int64, string } from '@cws/core'

/** From this one declaration come the types, the check of rules, `cws fields`, the schema and completion. */
export const listener = defineEvent('listener', {
  doc: 'A TCP socket began to listen.',
  fields: {
    port: int('Port that it listens on'),
    address: string('Address that it is bound to: `0.0.0.0` and `::` are all addresses'),
    family: int('Address family', { constants: { AF_INET: 2, AF_INET6: 10 } }),
    uid: int('User that made the socket'),
    inode: int64('Inode of the socket: what /proc/PID/fd/N links to'),
  },
})

declare module '@cws/core' {
  interface EventMap {
    listener: typeof listener
  }
}
