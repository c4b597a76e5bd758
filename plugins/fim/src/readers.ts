import { type Reader, type Readers, textOf, UNKNOWN } from '@cws/core'
import { CHANGE, FAN, FILE_FLAG, HEADER, inInitialPidNamespace, readBytes } from '@cws/native'
import type { FileFlavour } from './flavour.ts'
import type { Kind } from './kinds.ts'
import type { Memory } from './record.ts'

/** The record under dispatch. */
export interface Live {
  memory: Memory | undefined
  kind: Kind
  /** The first that the record tells: what the kernel merged into it was done later, by a later image even. */
  first: boolean
  /** What it comes from. */
  origin: FileFlavour['name']
  /** Its paths, once they are decoded: several fields and rules ask for them. */
  readonly paths: { file: string | undefined; destination: string | undefined }
}

export const noRecord = (): Live => ({
  memory: undefined,
  kind: 'modified',
  first: true,
  origin: 'fanotify',
  paths: { file: undefined, destination: undefined },
})

/** Has it read this record from now on; `undefined`: none. */
export function turnTo(live: Live, memory: Memory | undefined): void {
  live.memory = memory
  live.paths.file = live.paths.destination = undefined
}

/** How the fields of `change` are read while its record is under dispatch. */
export function changeReaders(live: Live, toWall: (boottime: bigint) => bigint): Readers {
  const file = fileReaders(live, 'file')
  const destination = fileReaders(live, 'destination')
  return {
    ...originReaders(live, toWall),
    'change.kind': () => live.kind,
    'change.is_directory': (at) => ((live.memory?.u64[(at + CHANGE.mask) >>> 3] as bigint) & BigInt(FAN.ONDIR)) !== 0n,
    'change.path': (at) => (live.kind === 'renamed' ? destination : file)['path']?.(at),
    ...prefixed('change.file', file),
    ...prefixed('change.file.destination', destination),
  }
}

/** Those of `open`. Nothing tells how the file was opened, nor through which mount. */
export function openReaders(live: Live, toWall: (boottime: bigint) => bigint): Readers {
  const { mount_id: _, ...file } = fileReaders(live, 'file')
  return { ...originReaders(live, toWall), ...prefixed('open.file', file) }
}

/** When it was, and who did it. */
function originReaders(live: Live, toWall: (boottime: bigint) => bigint): Readers {
  // In a pid namespace of its own the kernel tells this process other numbers than those that processes are known by.
  const numbered = inInitialPidNamespace()
  const u32 = (at: number, field: number) => live.memory?.u32[(at + field) >>> 2] as number
  const u64 = (at: number, field: number) => live.memory?.u64[(at + field) >>> 3] as bigint
  return {
    'event.timestamp': (at) => toWall(u64(at, live.first ? CHANGE.until : HEADER.time)),
    'event.not_before': (at) => toWall(u64(at, CHANGE.since)),
    'event.origin': () => live.origin,
    'event.source': () => 'runtime',
    'event.author_gap': (at) => authorGap(live, numbered, u32(at, HEADER.pid), u32(at, CHANGE.file_flags)) ?? UNKNOWN,
    'process.pid': (at) => (numbered && u32(at, HEADER.pid)) || UNKNOWN,
  }
}

/** Why a record names nobody, in words; undefined if it does. */
function authorGap({ origin }: Live, numbered: boolean, pid: number, fileFlags: number): string | undefined {
  if (origin === 'inotify') return 'inotify names nobody'
  if (!numbered) return 'the agent runs in a pid namespace of its own'
  if (pid !== 0) return undefined
  // Such records are made of what is there.
  return (fileFlags & FILE_FLAG.ABSENT) !== 0 ? 'it was found in a folder that had just been made or moved here' : 'the kernel named nobody'
}

const prefixed = (prefix: string, readers: Readers): Readers =>
  Object.fromEntries(Object.entries(readers).map(([name, reader]) => [`${prefix}.${name}`, reader]))

function fileReaders(live: Live, of: 'file' | 'destination'): Readers {
  const flags = (at: number) => live.memory?.u32[(at + CHANGE[`${of}_flags`]) >>> 2] as number
  const absent = (at: number) => (flags(at) & FILE_FLAG.ABSENT) !== 0
  const u32 =
    (field: number, mask = 0xffff_ffff): Reader =>
    (at) =>
      absent(at) ? UNKNOWN : ((live.memory?.u32[(at + field) >>> 2] as number) & mask) >>> 0
  const u64 =
    (field: number): Reader =>
    (at) =>
      absent(at) ? UNKNOWN : live.memory?.u64[(at + field) >>> 3]
  const path = (at: number): string | undefined => {
    const known = live.paths[of]
    if (known !== undefined) return known
    const bytes = live.memory && readBytes(live.memory, at, CHANGE[`${of}_path`])
    live.paths[of] = bytes && textOf(bytes, 0, bytes.length)
    return live.paths[of]
  }
  const named =
    (part: (path: string) => string): Reader =>
    (at) => {
      const text = path(at)
      return text === undefined ? UNKNOWN : part(text)
    }
  return {
    path: named((text) => text),
    name: named(nameOf),
    extension: named((text) => extensionOf(nameOf(text))),
    path_truncated: (at) => (path(at) === undefined ? UNKNOWN : (flags(at) & FILE_FLAG.PATH_TRUNCATED) !== 0),
    inode: u64(CHANGE[`${of}_inode`]),
    mount_id: u32(CHANGE[`${of}_mount_id`]),
    device: u32(CHANGE[`${of}_dev`]),
    mode: u32(CHANGE[`${of}_mode`]),
    rights: u32(CHANGE[`${of}_mode`], 0o7777),
    uid: u32(CHANGE[`${of}_uid`]),
    gid: u32(CHANGE[`${of}_gid`]),
    nlink: u32(CHANGE[`${of}_nlink`]),
    size: u64(CHANGE[`${of}_size`]),
    modification_time: u64(CHANGE[`${of}_mtime`]),
    change_time: u64(CHANGE[`${of}_ctime`]),
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot)
}
