import { UNKNOWN, type Unknown } from '@cws/core'
import { EXEC, FLAG } from '../record/layout.ts'
import { NODE, type Node } from '../table/nodes.ts'
import { ttyName } from '../tty.ts'
import type { Names } from '../users.ts'
import { fileFields, type Get } from './file-fields.ts'
import type { Images } from './images.ts'

/** Numbers of an image that stand in its record as they are. */
const NUMBERS = {
  uid: EXEC.cred_uid,
  gid: EXEC.cred_gid,
  euid: EXEC.cred_euid,
  egid: EXEC.cred_egid,
  fsuid: EXEC.cred_fsuid,
  fsgid: EXEC.cred_fsgid,
  auid: EXEC.cred_auid,
  audit_session: EXEC.cred_session_id,
  sid: EXEC.sid,
} as const
const MASKS = { cap_effective: EXEC.cred_cap_effective, cap_permitted: EXEC.cred_cap_permitted } as const
/** Namespaces; 0 where /proc did not tell. */
const NAMESPACES = {
  'ns.mnt': EXEC.namespace_mnt,
  'ns.pidns': EXEC.namespace_pid,
  'ns.net': EXEC.namespace_net,
  'ns.user': EXEC.namespace_user,
} as const

/** How each field of the process block is read from an image, by its name below the block. */
export function processFields(images: Images): Readonly<Record<string, Get>> {
  const { nodes } = images.table
  const fields: Record<string, Get> = {
    pid: (node) => nodes.pid[node],
    tid: (node) => nodes.pid[node],
    ppid: (node) => nodes.ppid[node],
    'ns.pid': (node) => nodes.nsPid[node],
    created_at: (node) => images.clock.toWall(nodes.begin[node] as bigint),
    is_exec: (node) => ((nodes.flags[node] as number) & NODE.SNAPSHOT ? UNKNOWN : ((nodes.flags[node] as number) & NODE.EXECED) !== 0),
    is_kworker: (node) => (nodes.row[node] === 0 ? UNKNOWN : (images.flags(node) & FLAG.KERNEL_THREAD) !== 0),
    comm: (node) => images.comm(node),
    user: named(images, images.users, EXEC.cred_uid),
    group: named(images, images.groups, EXEC.cred_gid),
    euser: named(images, images.users, EXEC.cred_euid),
    egroup: named(images, images.groups, EXEC.cred_egid),
    tty_name: (node) => {
      const device = images.u32(node, EXEC.tty)
      return device === UNKNOWN ? UNKNOWN : ttyName(device)
    },
    cwd: (node) => (images.flags(node) & FLAG.CWD_TRUNCATED ? UNKNOWN : images.text(node, EXEC.cwd)),
    'cgroup.id': (node) => images.text(node, EXEC.cgroup),
    'container.id': (node) => images.containerId(node),
    ...argumentFields(images),
    ...environmentFields(images),
    ...fileFields(images),
  }
  for (const [name, offset] of Object.entries(NUMBERS)) fields[name] = (node) => images.u32(node, offset)
  for (const [name, offset] of Object.entries(MASKS)) fields[name] = (node) => images.u64(node, offset)
  for (const [name, offset] of Object.entries(NAMESPACES)) fields[name] = (node) => images.u32(node, offset) || UNKNOWN
  return fields
}

function named(images: Images, names: Names, offset: number): Get {
  return (node) => {
    const id = images.u32(node, offset)
    return id === UNKNOWN ? UNKNOWN : names.of(id)
  }
}

function argumentFields(images: Images): Readonly<Record<string, Get>> {
  const all = (node: Node) => images.list(node, EXEC.argv, FLAG.ARGV_UNKNOWN)
  const rest = (node: Node): readonly string[] | Unknown => {
    const list = all(node)
    return list === UNKNOWN ? UNKNOWN : list.slice(1)
  }
  return {
    argv0: (node) => {
      const list = all(node)
      return list === UNKNOWN ? UNKNOWN : (list[0] ?? '')
    },
    argv: rest,
    args: (node) => {
      const list = rest(node)
      return list === UNKNOWN ? UNKNOWN : list.join(' ')
    },
    args_truncated: (node) => images.truncated(node, EXEC.argv, FLAG.ARGV_TRUNCATED | FLAG.CHUNK_LOST),
  }
}

function environmentFields(images: Images): Readonly<Record<string, Get>> {
  const pairs = (node: Node) => images.list(node, EXEC.envp, FLAG.ENVP_UNKNOWN)
  return {
    envp: pairs,
    // Each name alone, and with its value where that is kept: rules of either form match.
    envs: (node) => {
      const list = pairs(node)
      return list === UNKNOWN ? UNKNOWN : list.flatMap((pair) => (pair.includes('=') ? [pair.slice(0, pair.indexOf('=')), pair] : [pair]))
    },
    envs_truncated: (node) => images.truncated(node, EXEC.envp, FLAG.ENVP_TRUNCATED),
  }
}
