import type { DestinationCounters } from '../protocol.ts'

/** Where messages go, and how that stands. */
export interface DestinationView {
  readonly name: string
  /** `stopped`: no agent runs. Else as in `cws status`. */
  readonly state: 'starting' | 'ok' | 'failing' | 'broken' | 'failed' | 'stopped'
  readonly delivered: number | null
  /** What was given up. */
  readonly failed: number | null
  /** Of these, what the receiver refused for good. */
  readonly refused: number | null
  /** Messages and words that are owed now. */
  readonly pending: number
  /** Of these, what waits since the destination was sent as much as it takes. */
  readonly held_back: number
  readonly last_error: string | null
  /** RFC 3339, UTC. */
  readonly last_error_at: string | null
}

/** What an agent counts of a destination, as commands show it. */
export function viewOf(name: string, { heldBack, lastError, lastErrorAt, ...counts }: DestinationCounters): DestinationView {
  return { name, ...counts, held_back: heldBack, last_error: lastError ?? null, last_error_at: lastErrorAt ?? null }
}
