import type { AgentStatus } from '../../agent/status.ts'
import { healthOf } from '../monitoring/health.ts'
import type { DestinationCounters } from '../protocol.ts'

/** How one destination stands: what its counters cannot tell, for they look the same when nothing happens and when nothing happens any more. */
export interface Standing {
  readonly name: string
  readonly state: DestinationCounters['state']
  readonly lastError: string | undefined
  /** Since when its state is another than `ok`, ms; 0: it is well. */
  readonly unwellMs: number
  /** For how long something could be tried while no try began or ended, ms. */
  readonly stalledMs: number
  /** Signals of which it should have heard, and that nothing waits for. */
  readonly forgotten: number
}

/** What an auditor is shown. */
export interface Audited {
  /** What the engine answered. */
  readonly status: AgentStatus
  /** Why the store took no change just now. */
  readonly storeError: string | undefined
  readonly standings: readonly Standing[]
}

/** What the auditor goes by, ms. */
export interface AuditTerms {
  /** A destination may fail for so long. */
  readonly tolerateMs: number
  /** What is due is begun within this, or is overdue: longer than a try lasts. */
  readonly overdueMs: number
}

/** `findings`: why it is not well. `notes`: what is less than it could be, and has a reason that is known. */
export interface Audit {
  readonly findings: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Whether the agent sees, keeps and tells. Of a destination that fails that is known, and told in the beat, until it has lasted too long: a receiver
 * that restarts is no reason to call anybody, one that is gone is.
 */
export function audit({ status, storeError, standings }: Audited, { tolerateMs, overdueMs }: AuditTerms): Audit {
  const { delivery } = status
  // Destinations are judged here, by how long; and a beat is no reason for the next one.
  const health = healthOf({ ...status, delivery: delivery && { ...delivery, destinations: {}, heartbeat: undefined, storeError } })
  const findings = [...health.reasons]
  const notes = [...health.notes]
  for (const { name, state, lastError, unwellMs, stalledMs, forgotten } of standings) {
    const why = lastError === undefined ? '' : `: ${lastError}`
    if (state !== 'ok') {
      const text = `destination ${name} is ${state} for ${seconds(unwellMs)}${why}`
      const isLate = unwellMs > (state === 'starting' ? overdueMs : tolerateMs)
      if (isLate || state === 'failed') findings.push(text)
      else notes.push(text)
    }
    if (stalledMs > overdueMs) findings.push(`what destination ${name} is owed is overdue for ${seconds(stalledMs)}, and nothing tries`)
    if (forgotten > 0) findings.push(`of ${forgotten} signals destination ${name} should have heard, and nothing waits to tell it`)
  }
  return { findings, notes }
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`
