import * as bpf from './constants/bpf.ts'
import { DNS_CLASSES, DNS_RESPONSE_CODES, DNS_TYPES } from './constants/dns.ts'
import { ERRNO } from './constants/errno.ts'
import * as metadata from './constants/file-metadata.ts'
import * as files from './constants/files.ts'
import * as memory from './constants/memory.ts'
import * as network from './constants/network.ts'
import * as process from './constants/process.ts'
import * as sockets from './constants/sockets.ts'
import type { Constants } from './field.ts'

/** Constants that belong together: fields name theirs by their table. */
export interface ConstantFamily {
  readonly name: string
  readonly constants: Constants
}

const family = (name: string, constants: Constants): ConstantFamily => ({ name, constants })

/** All tables of constants, in the order of the documents. */
export const constantFamilies: readonly ConstantFamily[] = [
  family('Errors of calls', ERRNO),
  family('Flags of open', files.OPEN_FLAGS),
  family('Permissions', files.FILE_MODES),
  family('Modes of files', files.INODE_MODES),
  family('Flags of unlink', files.UNLINK_FLAGS),
  family('Flags of pipe buffers', files.PIPE_BUFFER_FLAGS),
  family('Sysctl actions', files.SYSCTL_ACTIONS),
  family('Types of file content', metadata.FILE_TYPES),
  family('Compressions', metadata.COMPRESSIONS),
  family('Architectures', metadata.ARCHITECTURES),
  family('Word sizes', metadata.ABIS),
  family('Linkages', metadata.LINKAGES),
  family('Signals', process.SIGNALS),
  family('Kernel capabilities', process.CAPABILITIES),
  family('Causes of exit', process.EXIT_CAUSES),
  family('Audit ids', process.AUDIT_IDS),
  family('Requests of ptrace', process.PTRACE_REQUESTS),
  family('Options of prctl', process.PRCTL_OPTIONS),
  family('Resource limits', process.RLIMITS),
  family('Memory protections', memory.PROTECTIONS),
  family('Flags of mmap', memory.MAP_FLAGS),
  family('Flags of memory areas', memory.VM_FLAGS),
  family('Address families', sockets.ADDRESS_FAMILIES),
  family('Types of socket', sockets.SOCKET_TYPES),
  family('Protocols of sockets', sockets.SOCKET_PROTOCOLS),
  family('Levels of socket options', sockets.SOCKET_LEVELS),
  family('Socket options', sockets.SOCKET_OPTIONS),
  family('L3 protocols', network.L3_PROTOCOLS),
  family('L4 protocols', network.L4_PROTOCOLS),
  family('Types of ICMP messages', network.ICMP_TYPES),
  family('Network directions', network.NETWORK_DIRECTIONS),
  family('TLS versions', network.TLS_VERSIONS),
  family('DNS types', DNS_TYPES),
  family('DNS classes', DNS_CLASSES),
  family('DNS response codes', DNS_RESPONSE_CODES),
  family('BPF commands', bpf.BPF_COMMANDS),
  family('BPF map types', bpf.BPF_MAP_TYPES),
  family('BPF program types', bpf.BPF_PROGRAM_TYPES),
  family('BPF attach types', bpf.BPF_ATTACH_TYPES),
  family('BPF helpers', bpf.BPF_HELPERS),
]

/** Every constant that expressions know, by name: one name space for all families. A name of two families has the same value in both. */
export const constants: ReadonlyMap<string, number | bigint | boolean> = new Map<string, number | bigint | boolean>([
  ['true', true],
  ['false', false],
  ...constantFamilies.flatMap((of) => Object.entries(of.constants)),
])
