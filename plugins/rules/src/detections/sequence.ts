import { isDeepStrictEqual } from 'node:util'
import type { Evidence } from '@cws/core'
import { FACT_BYTES } from './facts.ts'

/** One finding that a step accepted, with what is remembered of it. */
export interface Hit {
  /** ms since the epoch. */
  readonly at: number
  readonly fact: Evidence
}

/** Hits of the first steps, one each, in order. */
type Chain = readonly Hit[]

/**
 * Finds hits of all steps in order, the last within a time of the first. Of each step it keeps the chain that began last, which is the one that can be
 * continued longest; the one before it, for that may end in the event that is to continue it; and the latest hit, for what belongs before it may come late.
 */
export class Sequence {
  readonly #chains: (Chain | undefined)[] = []
  readonly #before: (Chain | undefined)[] = []
  readonly #latest: (Hit | undefined)[] = []

  /** `steps`: those that accept it, of `length` in all. Returns the chain if it is complete now. */
  add(hit: Hit, steps: readonly number[], length: number, within: number): Chain | undefined {
    let complete: Chain | undefined
    // Last step first: one finding is not two steps.
    for (const step of [...steps].sort((a, b) => b - a)) {
      let chain = step === 0 ? [hit] : (follow(this.#chains[step - 1], hit, within) ?? follow(this.#before[step - 1], hit, within))
      for (let at = step; chain !== undefined; ) {
        this.#keep(at, chain)
        if (++at === length) complete ??= chain
        const next = this.#latest[at]
        chain = at < length && next ? follow(chain, next, within) : undefined
      }
    }
    for (const step of steps) if (hit.at >= (this.#latest[step]?.at ?? 0)) this.#latest[step] = hit
    return complete
  }

  #keep(step: number, chain: Chain): void {
    const best = this.#chains[step]
    if (began(chain) < began(best)) return
    const last = best?.at(-1)
    if (last && !isSameEvent(last, chain.at(-1) as Hit)) this.#before[step] = best
    this.#chains[step] = chain
  }

  /** Time of the newest hit; 0 if there is none. */
  get newest(): number {
    return Math.max(0, ...[...this.#latest].map((hit) => hit?.at ?? 0))
  }

  /** Bytes, about. */
  get weight(): number {
    const hits = [...this.#latest, ...[...this.#chains, ...this.#before].flatMap((chain) => chain ?? [])].filter((hit) => hit !== undefined)
    return FACT_BYTES * new Set(hits).size
  }

  toJSON(): unknown {
    const whole = <V>(list: readonly (V | undefined)[]) => [...list].map((one) => one ?? null)
    return [whole(this.#chains), whole(this.#before), whole(this.#latest)]
  }

  static from(saved: unknown): Sequence {
    const [chains, before, latest] = saved as [readonly (Chain | null)[], readonly (Chain | null)[], readonly (Hit | null)[]]
    const sequence = new Sequence()
    for (const [step, chain] of chains.entries()) if (chain) sequence.#chains[step] = chain
    for (const [step, chain] of before.entries()) if (chain) sequence.#before[step] = chain
    for (const [step, hit] of latest.entries()) if (hit) sequence.#latest[step] = hit
    return sequence
  }
}

const began = (chain: Chain | undefined): number => chain?.[0]?.at ?? Number.NEGATIVE_INFINITY

function follow(chain: Chain | undefined, hit: Hit, within: number): Chain | undefined {
  const last = chain?.at(-1)
  if (!chain || !last || last.at > hit.at || hit.at - began(chain) > within) return undefined
  return chain.some((one) => isSameEvent(one, hit)) ? undefined : [...chain, hit]
}

/** Two rules may find the same event: it is one step, not two. */
function isSameEvent(a: Hit, b: Hit): boolean {
  return a.at === b.at && a.fact.type === b.fact.type && isDeepStrictEqual(a.fact.fields, b.fact.fields)
}
