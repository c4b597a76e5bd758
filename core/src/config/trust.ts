import { closeSync, constants, lstatSync, openSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { CwsError } from '../errors/cws-error.ts'

/** What the check asks of the file system; replaceable in tests. */
export interface TrustFs {
  lstat(path: string): Pick<Stats, 'uid' | 'gid' | 'mode' | 'isSymbolicLink' | 'isDirectory' | 'isFile'>
  readlink(path: string): string
  /** Whether nobody can write there now, because it is mounted read-only. */
  readOnly(path: string): boolean
}

const real: TrustFs = { lstat: (path) => lstatSync(path), readlink: (path) => readlinkSync(path), readOnly: isReadOnly }

/** As many as the kernel follows. */
const mostLinks = 40
const writableByOthers = 0o022
const sticky = 0o1000

/**
 * Refuses a file that somebody but root could write or replace: every component of the path, each symbolic link on the way, must belong
 * to root and be writable by root alone. Accepted all the same: what is mounted read-only, and folders of root with the sticky bit such as
 * /tmp, where nobody can replace what belongs to root.
 * `danger`: what somebody else could do.
 * @throws CwsError CWS_ERR_CONFIG_TRUST names the component and the fix.
 */
export function assertTrusted(path: string, what: string, fs: TrustFs = real, danger = 'could run code as root'): void {
  let links = 0
  let at = '/'
  const ahead = resolve(path).split(sep).filter(Boolean)
  check(at, fs, { what, danger }, path, ahead.length === 0)
  while (ahead.length > 0) {
    const name = ahead.shift() as string
    if (name === '..') {
      at = dirname(at)
      continue
    }
    const next = at === '/' ? `/${name}` : `${at}/${name}`
    const stat = check(next, fs, { what, danger }, path, ahead.length === 0)
    if (!stat.isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > mostLinks) throw new CwsError('CWS_ERR_CONFIG_TRUST', `${path}: too many symbolic links`)
    const target = fs.readlink(next)
    if (target.startsWith('/')) at = '/'
    ahead.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'))
  }
}

function check(
  component: string,
  fs: TrustFs,
  { what, danger }: { readonly what: string; readonly danger: string },
  path: string,
  last: boolean,
): ReturnType<TrustFs['lstat']> {
  const stat = fs.lstat(component)
  const link = stat.isSymbolicLink()
  const open = link ? 0 : stat.mode & writableByOthers
  const shared = !last && stat.isDirectory() && (stat.mode & sticky) !== 0
  const foreign = stat.uid !== 0
  if ((!foreign && (open === 0 || shared)) || fs.readOnly(component)) return stat
  const kind = link ? 'symbolic link' : stat.isDirectory() ? 'folder' : 'file'
  const why = foreign
    ? `belongs to user ${stat.uid}`
    : `is writable by ${whose(open)} (mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')})`
  const through = component === resolve(path) ? '' : `, on the way to ${path},`
  const fix = foreign ? `chown ${link ? '-h ' : ''}root ${quote(component)}` : `chmod go-w ${quote(component)}`
  throw new CwsError('CWS_ERR_CONFIG_TRUST', `the ${what} is not trusted: the ${kind} ${component}${through} ${why}, who ${danger}`, {
    hint: `Run \`${fix}\`, or keep it where only root can write, such as /etc/cws.`,
  })
}

function whose(open: number): string {
  return open === writableByOthers ? 'its group and others' : open & 0o020 ? 'its group' : 'others'
}

function quote(path: string): string {
  return /^[\w/.@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** O_PATH of Linux, which Node does not name: opens without access to the content. include/uapi/asm-generic/fcntl.h */
const O_PATH = 0o10000000

/** Asks for the mount by its id, so that bind mounts and mounts over mounts are told apart. */
function isReadOnly(path: string): boolean {
  let fd: number | undefined
  try {
    fd = openSync(path, O_PATH | constants.O_NOFOLLOW)
    const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
    return id !== undefined && readOnlyMounts(readFileSync('/proc/self/mountinfo', 'utf8')).has(id)
  } catch {
    return false
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Ids of the mounts that are read-only, as mounts or as file systems, from the text of mountinfo (proc_pid_mountinfo(5)). */
export function readOnlyMounts(mountinfo: string): Set<string> {
  const ids = new Set<string>()
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ')
    const separator = fields.indexOf('-', 6)
    if (separator < 0) continue
    const options = `${fields[5]},${fields[separator + 3]}`.split(',')
    if (options.includes('ro')) ids.add(fields[0] as string)
  }
  return ids
}
