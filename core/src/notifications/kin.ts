import type { Signal } from '../signals/signal.ts'

/** How many signals are remembered, the most severe, and for how long, ms: what lies further apart is another matter. */
export const MAX_KNOWN = 200
export const REMEMBERED_MS = 10 * 60_000

interface Place {
  readonly container: string
  readonly process: string | undefined
  readonly ancestors: readonly string[]
}

interface Known {
  readonly id: string
  readonly severity: number
  readonly at: number
  readonly place: Place
}

/**
 * Signals of the last ten minutes that belong together: of one container, or one's process is the other's, or an ancestor of it. What is less severe than
 * an open one beside it needs no word of its own.
 */
export class Kin {
  /** Oldest first. */
  readonly #known = new Map<string, Known>()

  /** Remembers a signal as it is now. */
  add(signal: Signal, severity: number, now: number): void {
    this.#known.delete(signal.id)
    this.#known.set(signal.id, { id: signal.id, severity, at: now, place: placeOf(signal) })
    for (const { id, at } of this.#known.values())
      if (at + REMEMBERED_MS < now) this.#known.delete(id)
      else break
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#least())
  }

  /** The oldest of the least severe: what is kept quiet is not to push out what keeps it so. */
  #least(): string {
    return [...this.#known.values()].reduce((least, each) => (each.severity < least.severity ? each : least)).id
  }

  /** Signals beside this one that are more severe, the most severe first. */
  above(signal: Signal, severity: number, now: number): readonly string[] {
    const place = placeOf(signal)
    return [...this.#known.values()]
      .filter((it) => it.severity > severity && it.at + REMEMBERED_MS >= now && it.id !== signal.id && isBeside(it.place, place))
      .sort((a, b) => b.severity - a.severity)
      .map(({ id }) => id)
  }
}

function isBeside(a: Place, b: Place): boolean {
  if (a.container !== '' && a.container === b.container) return true
  if (a.process === undefined || b.process === undefined) return false
  return a.process === b.process || a.ancestors.includes(b.process) || b.ancestors.includes(a.process)
}

function placeOf({ event }: Signal): Place {
  const process = record(event['process'])
  const container = record(event['container'])?.['id']
  const above: readonly unknown[] = Array.isArray(process?.['ancestors']) ? process['ancestors'] : []
  return {
    container: typeof container === 'string' ? container : '',
    process: identity(process),
    ancestors: above.flatMap((each) => identity(record(each)) ?? []),
  }
}

/** A number of a process comes again; with the time it began it does not. Everything comes from the first, which says nothing. */
function identity(process: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const pid = process?.['pid']
  return typeof pid === 'number' && pid > 1 ? `${pid} ${String(process?.['created_at'] ?? '')}` : undefined
}

const record = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined
