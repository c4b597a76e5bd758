import { type ImageText, rfc3339, UNKNOWN, type Unknown } from '@cws/core'
import { EXEC, FILE_FLAG, FLAG } from '../record/layout.ts'
import type { Node } from '../table/nodes.ts'
import { extensionOf, type Get, inUpperLayer } from './file-fields.ts'
import type { Images } from './images.ts'

type Fields = Readonly<Record<string, Get>>
type Redact = Parameters<ImageText['write']>[1]

/** What may hold secrets. */
const REDACTED = ['argv0', 'args', 'argv', 'envs', 'envp'] as const

/**
 * Writes an image as text at one go: field by field, each through the calls that serve rules, takes most of the time in which a signal is made,
 * on the cold caches of a host on which signals are rare. What it writes is what `fields` say; of images that are not whole (read from
 * /proc, a kernel's thread, without a file) it leaves the writing to them.
 */
export function imageText(images: Images, fields: Fields): ImageText {
  return {
    fields: new Set(Object.keys(fields)),
    redacted: new Set(REDACTED),
    write: (node, redact) => (isWhole(images, node) ? write(images, fields, node, redact) : undefined),
  }
}

function isWhole(images: Images, node: Node): boolean {
  const row = images.table.nodes.row[node] as number
  if (row === 0) return false
  const { rows } = images.table
  const partly = FLAG.PROCFS | FLAG.KERNEL_THREAD | FLAG.ARGV_UNKNOWN | FLAG.ENVP_UNKNOWN
  return (rows.flags(row) & partly) === 0 && (rows.u32(row, EXEC.file_flags) & FILE_FLAG.ABSENT) === 0
}

function write(images: Images, fields: Fields, node: Node, redact: Redact): string {
  const { nodes, rows } = images.table
  const row = nodes.row[node] as number
  const { u32, u64 } = rows.memory
  const base = rows.offsetOf(row)
  const word = (offset: number) => u32[(base + offset) >>> 2] as number
  const long = (offset: number) => u64[(base + offset) >>> 3] as bigint
  const flags = rows.flags(row)
  const pid = nodes.pid[node] as number
  const uid = word(EXEC.cred_uid)
  const gid = word(EXEC.cred_gid)
  const euid = word(EXEC.cred_euid)
  const egid = word(EXEC.cred_egid)
  const { users, groups } = images
  const isScript = (flags & FLAG.SCRIPT) !== 0
  const get = (field: string) => (fields[field] as Get)(node)
  return (
    `"pid":${pid},"tid":${pid},"ppid":${nodes.ppid[node] as number},"uid":${uid},"gid":${gid},"euid":${euid},"egid":${egid}` +
    `,"fsuid":${word(EXEC.cred_fsuid)},"fsgid":${word(EXEC.cred_fsgid)}` +
    text('user', users.of(uid)) +
    text('group', groups.of(gid)) +
    text('euser', users.of(euid)) +
    text('egroup', groups.of(egid)) +
    `,"auid":${word(EXEC.cred_auid)},"cap_effective":${long(EXEC.cred_cap_effective)},"cap_permitted":${long(EXEC.cred_cap_permitted)}` +
    `,"created_at":"${rfc3339(images.clock.toWall(nodes.begin[node] as bigint))}"` +
    text('comm', images.comm(node)) +
    text('argv0', get('argv0'), redact) +
    text('args', get('args'), redact) +
    text('argv', get('argv'), redact) +
    known('args_truncated', get('args_truncated')) +
    text('envs', get('envs'), redact) +
    text('envp', get('envp'), redact) +
    known('envs_truncated', get('envs_truncated')) +
    text('cwd', flags & FLAG.CWD_TRUNCATED ? UNKNOWN : images.text(node, EXEC.cwd)) +
    text('tty_name', get('tty_name')) +
    `,"sid":${word(EXEC.sid)},"audit_session":${word(EXEC.cred_session_id)}` +
    known('is_exec', get('is_exec')) +
    `,"is_kworker":false,"ns":{"pid":${nodes.nsPid[node] as number}` +
    known('mnt', word(EXEC.namespace_mnt) || UNKNOWN) +
    known('pidns', word(EXEC.namespace_pid) || UNKNOWN) +
    known('net', word(EXEC.namespace_net) || UNKNOWN) +
    known('user', word(EXEC.namespace_user) || UNKNOWN) +
    '}' +
    block('cgroup', text('id', images.text(node, EXEC.cgroup))) +
    block('container', text('id', images.containerId(node))) +
    block('file', isScript ? script(get) : binary(images, node, word, long)) +
    block('interpreter', block('file', isScript ? binary(images, node, word, long) : ',"path":"","name":"","extension":""'))
  )
}

/** Of a script only what it is called is known. */
function script(get: (field: string) => unknown): string {
  return text('path', get('file.path')) + text('name', get('file.name')) + text('extension', get('file.extension'))
}

function binary(images: Images, node: Node, word: (offset: number) => number, long: (offset: number) => bigint): string {
  const fileFlags = word(EXEC.file_flags)
  const mode = word(EXEC.file_mode)
  const uid = word(EXEC.file_uid)
  const gid = word(EXEC.file_gid)
  const name = images.name(node, EXEC.file_path)
  return (
    text('path', images.text(node, EXEC.file_path)) +
    text('name', name) +
    text('extension', extensionOf(name)) +
    text('filesystem', images.text(node, EXEC.file_fstype)) +
    `,"inode":${long(EXEC.file_inode)},"mount_id":${word(EXEC.file_mount_id)},"device":${word(EXEC.file_dev)}` +
    `,"mode":${mode},"rights":${mode & 0o7777},"uid":${uid},"gid":${gid}` +
    text('user', images.users.of(uid)) +
    text('group', images.groups.of(gid)) +
    `,"nlink":${word(EXEC.file_nlink)},"size":${long(EXEC.file_size)}` +
    `,"modification_time":"${rfc3339(long(EXEC.file_mtime))}","change_time":"${rfc3339(long(EXEC.file_ctime))}"` +
    known('in_upper_layer', inUpperLayer(word(EXEC.file_fs_magic), fileFlags)) +
    `,"memfd":${(fileFlags & FILE_FLAG.MEMFD) !== 0},"unlinked":${(fileFlags & FILE_FLAG.UNLINKED) !== 0}` +
    `,"path_truncated":${(fileFlags & FILE_FLAG.PATH_TRUNCATED) !== 0}`
  )
}

/** A number or a truth. */
const known = (name: string, value: unknown | Unknown): string => (value === UNKNOWN ? '' : `,"${name}":${String(value)}`)

function text(name: string, value: unknown | Unknown, redact?: Redact): string {
  return value === UNKNOWN ? '' : `,"${name}":${JSON.stringify(redact ? redact(name, value) : value)}`
}

/** A block of members, each of which begins with a comma; nothing if there are none. */
const block = (name: string, members: string): string => (members === '' ? '' : `,"${name}":{${members.slice(1)}}`)
