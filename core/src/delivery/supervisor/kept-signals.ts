import type { SignalLine } from '../../signals/signal-line.ts'

export interface KeptLimits {
  readonly count: number
  /** Of the lines, in characters. */
  readonly text: number
}

/** A signal that is not known to be durable. */
export interface KeptSignal {
  readonly number: number
  readonly signal: SignalLine
}

/**
 * The signals that the delivery thread has not stored yet, for the case that it never will. Bounded: the least severe go first, of these the
 * oldest. A signal that left and was not stored either counts as dropped.
 */
export class KeptSignals {
  readonly #limits: KeptLimits
  /** By rank of severity, each oldest first. */
  readonly #ranks: Map<number, KeptSignal>[] = []
  /** Numbers of those that left while the thread may still store them. */
  #left: number[] = []
  #number = 0
  #size = 0
  #text = 0
  dropped = 0

  constructor(limits: KeptLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  /** How many came at all. */
  get total(): number {
    return this.#number
  }

  add(signal: SignalLine): KeptSignal {
    const kept = { number: ++this.#number, signal }
    const rank = this.#rank(signal.head.severity)
    rank.set(kept.number, kept)
    this.#size++
    this.#text += signal.line.length
    while (this.#size > 1 && (this.#size > this.#limits.count || this.#text > this.#limits.text)) this.#evict()
    return kept
  }

  /** All up to this number are durable. */
  durable(number: number): void {
    for (const rank of this.#ranks)
      for (const kept of rank?.values() ?? []) {
        if (kept.number > number) break
        this.#remove(rank, kept)
      }
    if (this.#left.length > 0) this.#left = this.#left.filter((left) => left > number)
  }

  /** The thread has died: what left and was not durable by then is dropped for good. */
  settle(): void {
    this.dropped += this.#left.length
    this.#left = []
  }

  /** All, oldest first. */
  all(): KeptSignal[] {
    return this.#ranks.flatMap((rank) => [...(rank?.values() ?? [])]).sort((a, b) => a.number - b.number)
  }

  #rank(severity: number): Map<number, KeptSignal> {
    this.#ranks[severity] ??= new Map()
    return this.#ranks[severity]
  }

  #evict(): void {
    const rank = this.#ranks.find((rank) => rank !== undefined && rank.size > 0) as Map<number, KeptSignal>
    const [victim] = rank.values() as Iterable<KeptSignal> as [KeptSignal]
    this.#remove(rank, victim)
    this.#left.push(victim.number)
  }

  #remove(rank: Map<number, KeptSignal>, kept: KeptSignal): void {
    rank.delete(kept.number)
    this.#size--
    this.#text -= kept.signal.line.length
  }
}
