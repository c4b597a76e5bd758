import { closeSync, openSync, readlinkSync, readSync, statSync } from 'node:fs'
import type { FileFacts } from '@cws/native'
import { COMM_BYTES, FILE_FLAG, FLAG } from '../record/layout.ts'
import type { ExecRecord, RecordWriter } from '../record/writer.ts'

/** Arguments, and environment, that are read of one process. */
const MAX_TEXT = 32 * 1024
/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_NS = 10_000_000n
/** PF_KTHREAD of linux/sched.h */
const PF_KTHREAD = 0x0020_0000n
const UNSET = 0xffff_ffff
const OPEN_PAREN = 0x28
const CLOSE_PAREN = 0x29
/** PROC_CGROUP_INIT_INO of include/linux/proc_ns.h: the namespace in which paths of cgroups are whole. */
const INITIAL_CGROUP_NAMESPACE = 'cgroup:[4026531835]'

interface Stat {
  readonly comm: Buffer
  readonly state: string
  readonly ppid: number
  readonly pgid: number
  readonly sid: number
  readonly tty: number
  readonly flags: bigint
  readonly start: bigint
}

/** Reads processes from /proc and writes what it shows as exec records. */
export class ProcReader {
  readonly #root: string
  readonly #now: () => bigint
  readonly #keepsValue: (name: string) => boolean
  readonly #readText: ReadText
  readonly #look: Look
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_TEXT + 1)
  /** Whether paths of cgroups are told from where this process stands: those of its own container lack their beginning. */
  readonly #fromInside: boolean

  /** `now`: ns since boot. `keepsValue`: environment variables whose values are kept. `readText`: how arguments and environment are read; `look`: how programs are looked at. */
  constructor(
    now: () => bigint,
    keepsValue: (name: string) => boolean,
    root = '/proc',
    readText: ReadText = readPlainly,
    look: Look = lookPlainly,
  ) {
    this.#now = now
    this.#keepsValue = keepsValue
    this.#root = root
    this.#readText = readText
    this.#look = look
    this.#fromInside = ![undefined, INITIAL_CGROUP_NAMESPACE].includes(linkOf(`${root}/self/ns/cgroup`))
  }

  /** Writes the record of a process. @returns its offset, -1 if the process is gone or a zombie. */
  read(pid: number, writer: RecordWriter): number {
    const stat = this.#stat(pid)
    if (!stat || stat.state === 'Z' || stat.state === 'X') return -1
    const record: ExecRecord = { pid, start: stat.start, time: this.#now(), flags: FLAG.PROCFS, comm: stat.comm }
    record.ppid = stat.ppid
    record.pgid = stat.pgid
    record.sid = stat.sid
    record.tty = stat.tty
    if (stat.flags & PF_KTHREAD) {
      record.flags = FLAG.PROCFS | FLAG.KERNEL_THREAD
      record.file_flags = FILE_FLAG.ABSENT
    } else {
      this.#file(pid, record)
      this.#texts(pid, record)
      this.#namespaces(pid, record)
    }
    if (!this.#status(pid, record)) return -1
    const cgroup = this.#read(pid, 'cgroup')
    if (cgroup) {
      const path = cgroupOf(cgroup)
      record.cgroup = path
      if (this.#fromInside && !path.toString('latin1').startsWith('/..')) record.flags = (record.flags ?? 0) | FLAG.CGROUP_TRUNCATED
    }
    record.cred_auid = this.#number(pid, 'loginuid')
    record.cred_session_id = this.#number(pid, 'sessionid')
    // The pid may have gone to another process while its files were read.
    if (this.#stat(pid)?.start !== stat.start) return -1
    return writer.exec(record)
  }

  /** Start of a process in ns since boot, with the precision of a tick; undefined if there is none. */
  startOf(pid: number): bigint | undefined {
    return this.#stat(pid)?.start
  }

  #stat(pid: number): Stat | undefined {
    const bytes = this.#read(pid, 'stat')
    return bytes && parseStat(bytes)
  }

  #status(pid: number, record: ExecRecord): boolean {
    const text = this.#read(pid, 'status')?.toString('latin1')
    if (text === undefined) return false
    const ids = (name: string) =>
      (new RegExp(`^${name}:\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)$`, 'm').exec(text) ?? []).slice(1).map(Number)
    const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]{1,16})$`, 'm').exec(text)?.[1] ?? '0'}`)
    const [uid, euid, , fsuid] = ids('Uid')
    const [gid, egid, , fsgid] = ids('Gid')
    if (uid === undefined || gid === undefined) return false
    Object.assign(record, { cred_uid: uid, cred_euid: euid, cred_fsuid: fsuid, cred_gid: gid, cred_egid: egid, cred_fsgid: fsgid })
    record.cred_cap_effective = mask('CapEff')
    record.cred_cap_permitted = mask('CapPrm')
    record.ns_pid = Number(/^NSpid:.*?(\d+)$/m.exec(text)?.[1] ?? record.pid)
    return true
  }

  #file(pid: number, record: ExecRecord): void {
    const path = this.#link(pid, 'exe')
    record.file_flags = FILE_FLAG.ABSENT
    if (!path) return
    let flags = 0
    record.file_path = path
    const stat = this.#look(`${this.#root}/${pid}/exe`)
    // The link could be read and the file not looked at: the path is all that is known.
    if (stat) {
      record.file_inode = stat.ino
      record.file_mtime = stat.mtimeNs
      record.file_ctime = stat.ctimeNs
      record.file_size = stat.size
      record.file_dev = stat.dev
      record.file_mode = stat.mode
      record.file_uid = stat.uid
      record.file_gid = stat.gid
      record.file_nlink = Number(stat.nlink)
      const text = path.toString('latin1')
      // A file may be called so, or have another name left: to see which, a path of somebody's choice would have to be walked, and its folders may keep us waiting.
      if (text.endsWith(DELETED)) {
        flags |= FILE_FLAG.UNLINKED
        record.file_path = path.subarray(0, path.length - DELETED.length)
        if (text.startsWith('/memfd:') && stat.nlink === 0n) {
          flags |= FILE_FLAG.MEMFD
          record.file_path = record.file_path.subarray(1)
        }
      }
      record.file_flags = flags
    }
  }

  #texts(pid: number, record: ExecRecord): void {
    let flags = record.flags ?? 0
    const argv = this.#text(pid, 'cmdline')
    if (argv) {
      if (argv.length > MAX_TEXT) flags |= FLAG.ARGV_TRUNCATED
      record.argv = Buffer.from(argv.subarray(0, MAX_TEXT))
      record.argv_len = argv.length
    } else flags |= FLAG.ARGV_UNKNOWN
    const envp = this.#text(pid, 'environ')
    if (envp) {
      if (envp.length > MAX_TEXT) flags |= FLAG.ENVP_TRUNCATED
      record.envp = this.#filtered(envp.subarray(0, MAX_TEXT))
      record.envp_len = envp.length
    } else flags |= FLAG.ENVP_UNKNOWN
    const cwd = this.#link(pid, 'cwd')
    if (cwd) record.cwd = cwd.toString('latin1').endsWith(DELETED) ? cwd.subarray(0, cwd.length - DELETED.length) : cwd
    record.flags = flags
  }

  /** Names, and values only where they may be kept. */
  #filtered(envp: Buffer): Buffer {
    const parts: string[] = []
    for (const pair of envp.toString('latin1').split('\0')) {
      if (pair === '') continue
      const name = pair.split('=', 1)[0] as string
      parts.push(this.#keepsValue(name) ? pair : name)
    }
    return Buffer.from(parts.map((part) => `${part}\0`).join(''), 'latin1')
  }

  #namespaces(pid: number, record: ExecRecord): void {
    record.namespace_mnt = this.#namespace(pid, 'mnt')
    record.namespace_pid = this.#namespace(pid, 'pid')
    record.namespace_net = this.#namespace(pid, 'net')
    record.namespace_user = this.#namespace(pid, 'user')
  }

  #namespace(pid: number, name: string): number {
    return Number(/\[(\d+)\]$/.exec(this.#link(pid, `ns/${name}`)?.toString('latin1') ?? '')?.[1] ?? 0)
  }

  #number(pid: number, name: string): number {
    const text = this.#read(pid, name)?.toString('latin1').trim()
    return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : UNSET
  }

  #link(pid: number, name: string): Buffer | undefined {
    try {
      return readlinkSync(`${this.#root}/${pid}/${name}`, 'buffer')
    } catch {
      return undefined
    }
  }

  /** Valid until the next read. At most MAX_TEXT bytes and one more, which says that there is more. */
  #read(pid: number, name: string): Buffer | undefined {
    return this.#filled(readPlainly(`${this.#root}/${pid}/${name}`, this.#buffer))
  }

  /** The same for what lies in the memory of the process: it decides how long that takes. */
  #text(pid: number, name: string): Buffer | undefined {
    return this.#filled(this.#readText(`${this.#root}/${pid}/${name}`, this.#buffer))
  }

  #filled(length: number): Buffer | undefined {
    return length < 0 ? undefined : this.#buffer.subarray(0, length)
  }
}

/** Reads a file, as far as it fits. Returns bytes, -1 if it cannot be read. */
export type ReadText = (path: string, into: Buffer) => number

const readPlainly: ReadText = (path, into) => {
  let fd = -1
  try {
    fd = openSync(path, 'r')
    let length = 0
    for (;;) {
      const got = readSync(fd, into, length, into.length - length, null)
      length += got
      if (got === 0 || length === into.length) return length
    }
  } catch {
    return -1
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

const DELETED = ' (deleted)'

/** What is known of a file; undefined if it cannot be looked at. See statNow of @cws/native. */
export type Look = (path: string) => FileFacts | undefined

export const lookPlainly: Look = (path) => {
  try {
    const { ino, mtimeNs, ctimeNs, size, dev, mode, uid, gid, nlink } = statSync(path, { bigint: true })
    return { ino, mtimeNs, ctimeNs, size, dev: kernelDevice(dev), mode: Number(mode), uid: Number(uid), gid: Number(gid), nlink }
  } catch {
    return undefined
  }
}

/** /proc/PID/stat: the name stands in parentheses and may hold any byte, a `)` too. undefined if it is not of that form. */
export function parseStat(bytes: Buffer): Stat | undefined {
  const open = bytes.indexOf(OPEN_PAREN)
  const close = bytes.lastIndexOf(CLOSE_PAREN)
  if (open < 0 || close < open) return undefined
  const fields = bytes
    .toString('latin1', close + 2)
    .trim()
    .split(' ')
  if (fields.length < 20 || !fields.slice(1, 20).every((field) => /^-?\d{1,20}$/.test(field))) return undefined
  const word = (index: number) => Number(fields[index]) >>> 0
  return {
    comm: Buffer.from(bytes.subarray(open + 1, close)).subarray(0, COMM_BYTES - 1),
    state: fields[0] as string,
    ppid: word(1),
    pgid: word(2),
    sid: word(3),
    tty: encodedDevice(word(4)),
    flags: BigInt(fields[6] as string),
    start: BigInt(fields[19] as string) * TICK_NS,
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The path that says most: that of the memory or pids controller on v1, unless it is the root, else that of v2. */
export function cgroupOf(bytes: Buffer): Buffer {
  const byController = new Map<string, string>()
  for (const line of bytes.toString('latin1').split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line)
    if (match) for (const controller of (match[1] as string).split(',')) byController.set(controller, match[2] as string)
  }
  const v1 = ['memory', 'pids'].map((controller) => byController.get(controller)).find((path) => path !== undefined && path !== '/')
  return Buffer.from(v1 ?? byController.get('') ?? '/', 'latin1')
}

/** Device as the kernel packs it for user space in 32 bits (new_encode_dev) → major << 20 | minor. */
function encodedDevice(packed: number): number {
  const major = (packed >>> 8) & 0xfff
  const minor = (packed & 0xff) | ((packed >>> 12) & 0xfff00)
  return ((major << 20) | minor) >>> 0
}

/** Device as glibc packs it in 64 bits → major << 20 | minor. */
function kernelDevice(packed: bigint): number {
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & 0xfffff000n)
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffffff00n)
  return Number(((major & 0xfffn) << 20n) | (minor & 0xfffffn))
}
