import { defineRule } from '@cws/core'
import { SERVERS } from '../names.ts'

/** SIGILL, SIGABRT, SIGBUS, SIGSEGV, SIGSYS of signal(7) on x86-64: how a program ends whose memory was tampered with. */
const FAULTS = [4, 6, 7, 11, 31] as const
const CRASHED = { 'exit.cause': [1, 2], 'exit.code': FAULTS } as const

export const setIdProgramCrashed = defineRule({
  id: 'set-id-program-crashed',
  name: 'A program with the rights of another crashed',
  severity: 'medium',
  tags: ['mitre:T1068'],
  on: 'exit',
  where: { ...CRASHED, 'process.file.mode': { bits: 0o4000 } },
  groupBy: ['container.id', 'process.file.path', 'process.user'],
  message:
    '{{author}} ended by signal {{@exit.code}}. Such programs are well tested; an exploit that does not fit makes them crash before one does.',
  advice: 'Look at what the user ran before and after, and see whether the program is patched.',
  benign: ['A fault of the program or of the memory of the machine'],
  tests: {
    fires: [{ 'exit.cause': 2, 'exit.code': 11, 'process.file.mode': 0o104755 }],
    silent: [
      { 'exit.cause': 0, 'exit.code': 11, 'process.file.mode': 0o104755 },
      { 'exit.cause': 2, 'exit.code': 15, 'process.file.mode': 0o104755 },
      { 'exit.cause': 2, 'exit.code': 11, 'process.file.mode': 0o100755 },
    ],
  },
})

export const serverCrashed = defineRule({
  id: 'server-crashed',
  name: 'A server crashed',
  severity: 'low',
  tags: ['mitre:T1499.004', 'mitre:T1190'],
  on: 'exit',
  where: {
    ...CRASHED,
    'process.file.name': [...SERVERS, 'sshd', 'sshd-session', 'named', 'dnsmasq', 'smbd', 'exim4', 'dovecot', 'vsftpd', 'proftpd'],
  },
  groupBy: ['container.id', 'process.file.path'],
  message: '{{author}} ended by signal {{@exit.code}}. Requests that search for a hole, or use one badly, have this effect.',
  advice:
    'Look at the requests of that moment, and see whether the server is patched. If it happens again and again, take it off the network.',
  benign: ['A fault of the server, of an extension or of the memory of the machine'],
  tests: {
    fires: [
      { 'exit.cause': 2, 'exit.code': 11, 'process.file.name': 'nginx' },
      { 'exit.cause': 1, 'exit.code': 6, 'process.file.name': 'sshd' },
    ],
    silent: [
      { 'exit.cause': 2, 'exit.code': 15, 'process.file.name': 'nginx' },
      { 'exit.cause': 0, 'exit.code': 11, 'process.file.name': 'nginx' },
      { 'exit.cause': 2, 'exit.code': 11, 'process.file.name': 'a.out' },
    ],
  },
})
