import { UNKNOWN, type Unknown } from '@cws/core'
import { EXEC, FILE_FLAG, FLAG } from '../record/layout.ts'
import type { Node } from '../table/nodes.ts'
import type { Images } from './images.ts'

/** Reads one field of a process image. */
export type Get = (node: Node) => unknown | Unknown

/** OVERLAYFS_SUPER_MAGIC of linux/magic.h */
const OVERLAY = 0x794c7630

/** The program that runs, as the kernel's file object describes it: `process.file` of a binary, `process.interpreter.file` of a script. */
function binaryFields(images: Images): Readonly<Record<string, Get>> {
  const { users, groups } = images
  const fileFlags = (node: Node): number | Unknown => {
    const flags = images.u32(node, EXEC.file_flags)
    return flags === UNKNOWN || flags & FILE_FLAG.ABSENT ? UNKNOWN : flags
  }
  const u32 = (offset: number) => (node: Node) => (fileFlags(node) === UNKNOWN ? UNKNOWN : images.u32(node, offset))
  const u64 = (offset: number) => (node: Node) => (fileFlags(node) === UNKNOWN ? UNKNOWN : images.u64(node, offset))
  const bit = (mask: number) => (node: Node) => {
    const flags = fileFlags(node)
    return flags === UNKNOWN ? UNKNOWN : (flags & mask) !== 0
  }
  const named = (names: { of(id: number): string | Unknown }, get: (node: Node) => number | Unknown) => (node: Node) => {
    const id = get(node)
    return id === UNKNOWN ? UNKNOWN : names.of(id)
  }
  const path = (node: Node) => (images.flags(node) & FLAG.KERNEL_THREAD ? '' : images.text(node, EXEC.file_path))
  const name = (node: Node) => (images.flags(node) & FLAG.KERNEL_THREAD ? '' : images.name(node, EXEC.file_path))
  return {
    path,
    name,
    extension: (node) => extensionOf(name(node)),
    filesystem: (node) => images.text(node, EXEC.file_fstype),
    inode: u64(EXEC.file_inode),
    mount_id: (node) => (images.flags(node) & FLAG.PROCFS ? UNKNOWN : u32(EXEC.file_mount_id)(node)),
    device: u32(EXEC.file_dev),
    mode: u32(EXEC.file_mode),
    rights: (node) => {
      const mode = u32(EXEC.file_mode)(node)
      return mode === UNKNOWN ? UNKNOWN : mode & 0o7777
    },
    uid: u32(EXEC.file_uid),
    gid: u32(EXEC.file_gid),
    user: named(users, u32(EXEC.file_uid)),
    group: named(groups, u32(EXEC.file_gid)),
    nlink: u32(EXEC.file_nlink),
    size: u64(EXEC.file_size),
    modification_time: u64(EXEC.file_mtime),
    change_time: u64(EXEC.file_ctime),
    in_upper_layer: (node) => {
      const flags = fileFlags(node)
      if (flags === UNKNOWN || images.flags(node) & FLAG.PROCFS) return UNKNOWN
      return inUpperLayer(images.u32(node, EXEC.file_fs_magic), flags)
    },
    memfd: bit(FILE_FLAG.MEMFD),
    unlinked: bit(FILE_FLAG.UNLINKED),
    path_truncated: bit(FILE_FLAG.PATH_TRUNCATED),
  }
}

/** A script: the kernel has let go of its file by the time of the event; the name that was executed remains. */
function scriptFields(images: Images): Readonly<Record<string, Get>> {
  const name = (node: Node) => images.name(node, EXEC.filename)
  return {
    path: (node) => scriptPath(images, node),
    name,
    extension: (node) => extensionOf(name(node)),
  }
}

/** Fields of `file` and `interpreter.file`, named below the process block. */
export function fileFields(images: Images): Readonly<Record<string, Get>> {
  const binary = binaryFields(images)
  const script = scriptFields(images)
  const isScript = (node: Node) => (images.flags(node) & FLAG.SCRIPT) !== 0
  const all: Record<string, Get> = {}
  for (const [field, get] of Object.entries(binary)) {
    const ofScript = script[field] ?? (() => UNKNOWN)
    all[`file.${field}`] = (node) => (isScript(node) ? ofScript(node) : get(node))
    // Where no interpreter ran its name is known to be none.
    const none = field in script ? '' : UNKNOWN
    all[`interpreter.file.${field}`] = (node) => (isScript(node) ? get(node) : images.u32(node, 0) === UNKNOWN ? UNKNOWN : none)
  }
  return all
}

/** Of a file, by the magic of its file system and its flags in the record. */
export function inUpperLayer(magic: number | Unknown, flags: number): boolean | Unknown {
  if (magic !== OVERLAY) return false
  return flags & FILE_FLAG.UPPER_LAYER ? true : flags & FILE_FLAG.LOWER_LAYER ? false : UNKNOWN
}

export function extensionOf(name: string | Unknown): string | Unknown {
  if (name === UNKNOWN) return UNKNOWN
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot)
}

/** The path that execve was given, absolute and without `.`, `..` and doubled slashes; links in it are not followed. */
function scriptPath(images: Images, node: Node): string | Unknown {
  const given = images.text(node, EXEC.filename)
  if (given === UNKNOWN) return UNKNOWN
  if (given.startsWith('/')) return normalise(given)
  const cwd = images.text(node, EXEC.cwd)
  return cwd === UNKNOWN || images.flags(node) & FLAG.CWD_TRUNCATED ? UNKNOWN : normalise(`${cwd}/${given}`)
}

function normalise(path: string): string {
  const out: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') out.pop()
    else out.push(part)
  }
  return `/${out.join('/')}`
}
