import type { Event, Finding, Logger } from '@cws/core'
import type { PolicyRule } from './compile-rule.ts'
import { Limiter } from './limiter.ts'
import { timeOf } from './variables.ts'

/** A rule's findings that were held back are told so often. ms */
const TELL_MS = 60_000

/**
 * Holds findings of policy rules back that are more than the rules allow. Never in silence: the engine counts them as suppressed, and the log
 * says of each rule how many they were.
 */
export class Limits {
  readonly #limiters: ReadonlyMap<string, Limiter>
  readonly #told = new Map<string, { held: number; at: number }>()
  readonly #log: Logger
  /** Called when what `describe` says has changed and is told. */
  onTold: () => void = () => {}

  constructor(rules: readonly PolicyRule[], log: Logger) {
    this.#limiters = new Map(rules.map(({ id, limit }) => [id, new Limiter(limit)]))
    this.#log = log
  }

  /** A tap of the finding hook. */
  readonly pass = (finding: Finding, event: Event): Finding | null => {
    const limiter = this.#limiters.get(finding.rule)
    if (limiter === undefined) return finding
    const now = Number(timeOf(event as never) / 1_000_000n)
    if (limiter.admits(event, now)) return finding
    this.#tell(finding.rule, limiter.held, now)
    return null
  }

  /** Findings that were held back so far, by rule. */
  get held(): ReadonlyMap<string, number> {
    return new Map([...this.#limiters].filter(([, { held }]) => held > 0).map(([id, { held }]) => [id, held]))
  }

  /** For `cws status`; empty if nothing was held back. */
  describe(): string {
    const { held } = this
    if (held.size === 0) return ''
    const all = [...held].sort(([, a], [, b]) => b - a)
    const named = all.slice(0, 5).map(([id, count]) => `${count} of ${id}`)
    return `held back by limits: ${named.join(', ')}${all.length > 5 ? ` and of ${all.length - 5} more rules` : ''}`
  }

  /** Says at the end what was not yet said. */
  tellRest(): void {
    for (const [id, { held }] of this.#limiters) if (held > (this.#told.get(id)?.held ?? 0)) this.#say(id, held)
  }

  #tell(id: string, held: number, now: number): void {
    const told = this.#told.get(id)
    if (told && now - told.at < TELL_MS) return
    this.#say(id, held)
    this.#told.set(id, { held, at: now })
  }

  #say(id: string, held: number): void {
    this.#log.warn({ rule: id, held }, `rule "${id}" is true more often than its limit lets through: ${held} findings held back so far`)
    this.onTold()
  }
}
