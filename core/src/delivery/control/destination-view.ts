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
  /** Messages made in the usual words, since the template of their rule failed. */
  readonly template_failures: number | null
  /** Why the last one did, with its rule. */
  readonly template_error: string | null
}

/** What an agent counts of a destination, as commands show it. */
export function viewOf(name: string, counters: DestinationCounters): DestinationView {
  const { heldBack, lastError, lastErrorAt, templateFailures, templateError, ...counts } = counters
  return {
    name,
    ...counts,
    held_back: heldBack,
    last_error: lastError ?? null,
    last_error_at: lastErrorAt ?? null,
    template_failures: templateFailures,
    template_error: templateError ?? null,
  }
}

/** Of one that no agent tells: what is owed to it, and its last error. */
export function viewOfStopped(
  name: string,
  { pending, ...last }: Pick<DestinationView, 'pending' | 'last_error' | 'last_error_at'>,
): DestinationView {
  const uncounted = { delivered: null, failed: null, refused: null, template_failures: null, template_error: null } as const
  return { name, state: 'stopped', ...uncounted, pending, held_back: 0, ...last }
}
