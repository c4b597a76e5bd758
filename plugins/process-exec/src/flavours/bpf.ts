import { messageOf, type Probe } from '@cws/core'
import { type FeatureName, inInitialPidNamespace, openDrain, openObject, probeFeatures, tracepointParameters } from '@cws/native'
import type { Options } from '../options.ts'
import { TYPE } from '../record/layout.ts'
import { memoryOf } from '../record/memory.ts'
import type { ProcessSensor } from '../sensor.ts'
import type { Attachment } from './attachment.ts'
import { mayReadOthers } from './rights.ts'

/** What the tracepoint of exec cannot see, on any kernel. */
const GAPS = [
  'exec.file of a script: path and name only, from what execve was given; inode, owner, mode, times are not known',
  'credentials are those of the last exec: setuid and capset without an exec are not seen',
] as const

const NESTED_GAP =
  'lineage: pids of events are those of the host, /proc here shows those of another pid namespace; processes that ran before the agent are not joined to their children (run it in that of the host: `hostPID: true` of a pod, `--pid host` of docker and podman)'

const RIGHTS_GAP =
  'programs, environments and working folders of processes that ran before the agent, as other users or with more rights (needs CAP_SYS_PTRACE)'

/** Also what cannot be seen from the pid namespace of this process, and with its rights. */
function gaps(): readonly string[] {
  return [...GAPS, ...(inInitialPidNamespace() ? [] : [NESTED_GAP]), ...(mayReadOthers() ? [] : [RIGHTS_GAP])]
}

/** FNV-1a, 64 bit, as the kernel side hashes names (cws_shared.h). */
export function nameHash(name: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn
  return hash
}

/** The bits of `cws_env_bits` (cws_shared.h): they spare the programs a look-up for most names that are not allowed. */
export function nameBits(names: readonly string[]): bigint {
  let bits = 0n
  for (const name of names) {
    const bytes = Buffer.from(name)
    bits |= 1n << BigInt((bytes.length + 5 * (bytes[0] ?? 0)) & 63)
  }
  return bits
}

/**
 * Features that the kernel is said not to have: a seam for tests, which set CWS_TEST_WITHOUT=btf,ringBuffer to see what an older kernel
 * would be told. It can only take away, and `cws doctor` shows it as the reason.
 */
const leftOut = (): readonly FeatureName[] => (process.env['CWS_TEST_WITHOUT'] ?? '').split(',').filter(Boolean) as FeatureName[]

/** Whether the kernel has what a BPF flavour needs. */
export function probeBpf(needs: readonly FeatureName[]): Probe {
  try {
    const { features } = probeFeatures({ without: leftOut() })
    for (const name of needs) {
      const feature = features[name]
      if (!feature.ok) return { ok: false, reason: feature.reason }
    }
    return { ok: true, gaps: gaps() }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

/** Loads the programs, starts to drain, attaches. */
export function attachBpf(file: string, sensor: ProcessSensor, options: Options): Attachment {
  const object = openObject(file)
  let drain: ReturnType<typeof openDrain> | undefined
  try {
    object.setConstant('cws_exit_has_group_dead', tracepointParameters('sched_process_exit') >= 2)
    object.setConstant('cws_env_bits', nameBits(options.env))
    object.setMaxEntries('cws_ring', options.ringBytes)
    object.load()
    for (const name of options.env) {
      const key = Buffer.alloc(8)
      key.writeBigUInt64LE(nameHash(name))
      object.update('cws_env_allow', key, Uint8Array.of(1))
    }
    drain = openDrain({ queueBytes: options.queueBytes, onRecords: (_queue, start, end) => sensor.consume(memory, start, end) })
    const memory = memoryOf(drain.queue.bytes)
    const ring = drain.addRing(object, { wakeOn: [TYPE.EXEC] })
    object.attach()
    const open = drain
    return {
      drain: open,
      wakeOn: (types) => ring.wakeOn(types),
      close: () => {
        object.detach()
        open.close()
        object.close()
      },
    }
  } catch (error) {
    drain?.close()
    object.close()
    throw withVerifiersWord(error)
  }
}

/** The error of a program that the verifier refused says why: the line of its log before its count of instructions. */
function withVerifiersWord(error: unknown): unknown {
  const { log, message } = error as { log?: unknown; message?: unknown }
  if (typeof log !== 'string') return error
  const lines = log.split('\n').map((line) => line.trim())
  const word = lines[lines.findIndex((line) => /^processed \d+ insns/.test(line)) - 1]
  return word ? new Error(`${message}: ${word}`, { cause: error }) : error
}
