import { type Reader, type Readers, UNKNOWN } from '@cws/core'
import { EXIT, FLAG, FORK, HEADER } from '../record/layout.ts'
import { argumentBytes } from './argument-bytes.ts'
import type { Get } from './file-fields.ts'
import type { Images } from './images.ts'

/** What SECL calls the cause of an exit. */
const CAUSE = { EXITED: 0, COREDUMPED: 1, SIGNALED: 2 } as const

export interface EventReaders {
  readonly exec: Readers
  readonly fork: Readers
  readonly exit: Readers
}

/** How the fields of exec, fork and exit are read while their record is under dispatch. `about` says where it came from. */
export function eventReaders(
  images: Images,
  fields: Readonly<Record<string, Get>>,
  about: { readonly origin: () => string; readonly source: () => 'runtime' | 'snapshot' },
): EventReaders {
  const { live } = images
  const u32 = (offset: number) => (): number => (live.memory?.u32[(live.at + offset) >>> 2] ?? 0) as number
  const common: Record<string, Reader> = {
    'event.timestamp': () => images.clock.toWall(live.memory?.u64[(live.at + HEADER.time) >>> 3] as bigint),
    'event.origin': () => about.origin(),
    'event.source': () => about.source(),
    'process.pid': u32(HEADER.pid),
    'process.certainty': () => 'exact',
    'process.is_thread': () => false,
  }
  const exec: Record<string, Reader> = { ...common, 'exec.is_thread': () => false, 'exec.certainty': () => 'exact' }
  for (const [name, get] of Object.entries(fields)) exec[`exec.${name}`] = () => (live.node === 0 ? UNKNOWN : get(live.node))
  for (const [name, bytes] of Object.entries(argumentBytes(images)))
    exec[`exec.${name}`] = Object.assign(exec[`exec.${name}`] as Reader, { bytes })
  exec['exec.pid'] = u32(HEADER.pid)
  const code = u32(EXIT.code)
  const fromProc = () => (u32(HEADER.type)() >>> 16) & FLAG.PROCFS
  return {
    exec,
    fork: { ...common, 'fork.pid': u32(HEADER.pid), 'fork.ppid': u32(FORK.ppid) },
    exit: {
      ...common,
      // /proc shows that a process is gone, not how it ended.
      'exit.cause': () => (fromProc() ? UNKNOWN : code() & 0x80 ? CAUSE.COREDUMPED : code() & 0x7f ? CAUSE.SIGNALED : CAUSE.EXITED),
      'exit.code': () => (fromProc() ? UNKNOWN : code() & 0x7f ? code() & 0x7f : (code() >>> 8) & 0xff),
    },
  }
}
