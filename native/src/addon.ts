/** The raw functions of the addon (native/addon). Only this package calls them. */
import { load } from '../load.js'

/** Loads the addon at the first call. Throws NativeUnavailableError. */
export const addon = (): Addon => load().addon as Addon

/** An object of C behind a pointer. */
export type Handle = { readonly __handle: 'object' | 'drain' | 'timed' | 'patterns' }

export interface Addon {
  bpfOpen(path: string): Handle
  bpfClose(object: Handle): void
  bpfDescribe(object: Handle): { programs: ProgramInfo[]; maps: MapInfo[] }
  bpfSetConstant(object: Handle, name: string, bytes: Buffer, isInteger: boolean): void
  bpfSetMaxEntries(object: Handle, map: string, entries: number): void
  bpfSetAutoload(object: Handle, program: string, whether: boolean): void
  bpfLoad(object: Handle): void
  bpfAttach(object: Handle, program: string): void
  bpfDetach(object: Handle, program: string): void
  mapLookup(object: Handle, map: string, key: Buffer): Buffer | undefined
  mapUpdate(object: Handle, map: string, key: Buffer, value: Buffer): void
  mapDelete(object: Handle, map: string, key: Buffer): boolean
  mapKeys(object: Handle, map: string): Buffer[]

  drainOpen(queue: Buffer, span: Buffer, maxSleepMs: number, turn: () => void): Handle
  drainAddRing(
    drain: Handle,
    object: Handle,
    ring: string,
    wake: string | undefined,
    counters: string | undefined,
    wakeMask: number,
  ): number
  drainAddFanotify(
    drain: Handle,
    group: number,
    maxMarks: number,
    ordered: boolean,
    whole: boolean,
    patterns: Handle | undefined,
    listed?: Handle,
  ): number
  drainAddInotify(drain: Handle, group: number, maxMarks: number, ordered: boolean, whole: boolean, patterns: Handle | undefined): number
  drainListFile(drain: Handle, source: number, path: Buffer): void
  listedOpen(most: number): Handle
  listedCount(listed: Handle): number
  drainMark(drain: Handle, source: number, path: Buffer, beyond: boolean): void
  drainMarkWhole(drain: Handle, source: number, path: Buffer): void
  drainMounts(drain: Handle, source: number): Buffer
  drainLook(drain: Handle, source: number, path: Buffer): number | undefined
  drainList(drain: Handle, source: number, path: Buffer, most: number): Buffer | undefined
  drainChangeCounts(drain: Handle, source: number): ChangeCounts
  fanotifyProbe(): { errno: number; authors: boolean; target: boolean }
  inotifyProbe(): number
  drainWakeOn(drain: Handle, source: number, wakeMask: number): void
  drainRemove(drain: Handle, source: number): void
  drainPeek(drain: Handle, budget: number): boolean
  drainAck(drain: Handle, end: number): boolean
  drainStop(drain: Handle): void
  drainStats(drain: Handle): DrainStats

  probe(): { release: string; cgroup: CgroupMode; features: Record<FeatureName, Feature> }
  tracepointParameters(name: string): number

  capGet(): Record<'effective' | 'permitted' | 'inheritable' | 'bounding', number[]>
  capDrop(keep: Buffer): void
  noNewPrivileges(): void
  execve(path: string, argv: readonly string[], env: readonly string[]): void
  lockFile(path: string): number | undefined
  setDumpable(whether: boolean): void
  setThreadName(name: string): void
  clockBoottime(): bigint
  trimHeap(): boolean
  statNow(path: Uint8Array): Buffer | undefined
  peerCredentials(fd: number): { pid: number; uid: number; gid: number }
  notify(path: string, state: string): void

  watchdogOpen(words: Buffer, names: Buffer, path: string, argv: readonly string[], env: readonly string[], limitMs: number): void

  patternsOpen(): Handle
  patternsAdd(patterns: Handle, glob: Buffer, ignored: boolean): void
  patternsMatch(patterns: Handle, path: Uint8Array): boolean
  patternsReach(patterns: Handle, path: Uint8Array): number

  timedOpen(): Handle
  timedRead(reader: Handle, path: string, into: Buffer, ms: number): number
}

export interface ChangeCounts {
  /** Events that nobody wanted. */
  filtered: number
  /** Directories that are marked now. */
  marks: number
}

export interface ProgramInfo {
  name: string
  /** ELF section, which says where it attaches: `tp_btf/sched_process_exec`. */
  section: string
}

export interface MapInfo {
  name: string
  /** As bpftool calls it: `ringbuf`, `percpu_array`. */
  type: string
  keySize: number
  valueSize: number
  maxEntries: number
}

export interface DrainStats {
  /** Records written to the queue. */
  records: number
  /** Records refused because header and length disagree. */
  broken: number
  /** Argument lists whose chunks gave way to newer ones. */
  chunksDropped: number
  /** Records the kernel side counted as lost (known so far). */
  lostInRing: number
  /** Records larger than the queue can take. */
  lostInQueue: number
  drains: number
  sleeps: number
  queuePeakBytes: number
  /** What the thread rests between two drains now; 0: until woken. */
  periodNs: number
  recordsPerSecond: number
}

/** `none`: no cgroup file system at its usual place. */
export type CgroupMode = 'v1' | 'hybrid' | 'v2' | 'none'

export type FeatureName = 'btf' | 'ringBuffer' | 'atomics' | 'loop' | 'tpBtf' | 'rawTracepoint' | 'tracepoint' | 'fentry' | 'lsm' | 'kprobe'

export interface Feature {
  ok: boolean
  /** Why not; empty when it is. */
  reason: string
}
