import {
  clockBoottime,
  type Drain,
  FAN,
  inInitialPidNamespace,
  openDrain,
  RECORD_FLAG,
  type SharedDrain,
  type TYPE,
  walkRecords,
} from '@cws/native'

type Take = (queue: Drain['queue'], at: number) => void

/** A drain that records of one type come through. */
export interface Joined {
  readonly drain: Drain
  /** Records come in one order with those of processes. */
  readonly ordered: boolean
  /** Takes no more; a drain of its own ends. */
  leave(): void
}

/** Joins the drain that processes come through, for the order of things, or opens one where there is none. */
export function join(shared: SharedDrain | undefined, type: (typeof TYPE)['CHANGE' | 'OPEN'], take: Take): Joined {
  const drain = shared?.drain
  if (shared && drain) return { drain, ordered: inInitialPidNamespace(), leave: shared.onRecord(type, (at) => take(drain.queue, at)) }
  const own = openDrain({ onRecords: (queue, start, end) => walkRecords(queue, start, end, (at) => take(queue, at)) })
  return { drain: own, ordered: false, leave: () => own.close() }
}

/** CLOCK_BOOTTIME as the time of day, by the clock that the process tree goes by where there is one: the two must agree on what came first. */
export function toWall(shared: SharedDrain | undefined, boottime: bigint): bigint {
  return shared?.toWall(boottime) ?? BigInt(Date.now()) * 1_000_000n - (clockBoottime() - boottime)
}

/** What has no events of its own and is to be looked through: what is in a new folder before it is watched, or where something was mounted. */
export function cameWithContent<P>(flags: number, mask: number, from: P | undefined, to: P | undefined): P | undefined {
  if (flags & RECORD_FLAG.MOUNTED) return from
  return mask & FAN.ONDIR ? (to ?? (mask & FAN.CREATE ? from : undefined)) : undefined
}
