/** @cws/native: BPF objects, the drain thread and small system calls. Linux only; importing it is harmless anywhere, using it is not. */

export { CAPABILITIES, capDrop, capGet, execve, noNewPrivileges } from '../launch.js'
export { diagnose, type LoadFacts, load as loadAddon, NativeUnavailableError, objectPath } from '../load.js'
export type { CgroupMode, ChangeCounts, DrainStats, Feature, FeatureName, MapInfo, ProgramInfo } from './addon.ts'
export {
  type ChangeOptions,
  type ChangeSource,
  Drain,
  type DrainOptions,
  type OpensOptions,
  type OpensSource,
  openDrain,
  type Queue,
  type RingOptions,
  type RingSource,
} from './drain.ts'
export type { Entry, FileKind } from './entries.ts'
export { nativeErrorCodes } from './error-codes.ts'
export { FAN, type FanotifySupport, probeFanotify } from './fanotify.ts'
export { probeInotify } from './inotify.ts'
export * from './layout.generated.ts'
export { BpfObject, openObject, type RecordCounters } from './object.ts'
export { PathPatterns, REACH } from './patterns.ts'
export { type Features, probeFeatures, tracepointParameters } from './probe.ts'
export {
  type Loss,
  readBigInt,
  readBytes,
  readLoss,
  readNumber,
  readText,
  readU32,
  recordFlags,
  recordSize,
  recordType,
  walkRecords,
} from './record.ts'
export type { SharedDrain } from './shared-drain.ts'
export {
  clockBoottime,
  type FileFacts,
  type FileLock,
  inInitialPidNamespace,
  lockFile,
  notifyServiceManager,
  peerCredentials,
  setDumpable,
  setThreadName,
  statNow,
  trimHeap,
} from './system.ts'
export { TimedReader } from './timed.ts'
export { openWatchdog, PLACE_BYTES, type WatchdogOptions } from './watchdog.ts'
