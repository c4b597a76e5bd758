import { type Event, type Finding, type Logger, rankOf } from '@cws/core'
import { timeOf } from './facts.ts'
import type { CheckedSuppression } from './suppression.ts'

/** Holds back findings that are known to mean nothing, and counts them. By the event's own time, so that a replay judges alike. */
export class Suppressions {
  readonly #byRule = new Map<string, CheckedSuppression[]>()
  readonly #log: Pick<Logger, 'warn'>
  readonly #told = new Set<string>()
  /** Findings that each held back, by its id. */
  readonly #counts: Map<string, number>
  readonly #ids: readonly string[]

  /** `counts` go on from those of the composition before. */
  constructor(suppressions: readonly CheckedSuppression[], counts: Map<string, number>, log: Pick<Logger, 'warn'>) {
    this.#log = log
    this.#counts = counts
    this.#ids = suppressions.map(({ id }) => id)
    for (const one of suppressions) {
      for (const rule of one.rules) {
        const others = this.#byRule.get(rule)
        if (others) others.push(one)
        else this.#byRule.set(rule, [one])
      }
    }
  }

  /** The id of the suppression that holds a finding back. What a condition does not know is told. */
  of(finding: Finding, event: Event): string | undefined {
    const suppressions = this.#byRule.get(finding.rule)
    if (!suppressions) return undefined
    const at = timeOf(event, Date.now())
    const own: Readonly<Record<string, unknown>> = {
      'rule.id': finding.rule,
      severity: rankOf(finding.severity),
      count: finding.values?.['count'] ?? 1,
      distinct: finding.values?.['distinct'] ?? 1,
    }
    const readable = { get: (name: string) => own[name] ?? event.get(name) }
    for (const one of suppressions) {
      if (one.holds(readable) !== true) continue
      if (at < one.until) {
        this.#counts.set(one.id, (this.#counts.get(one.id) ?? 0) + 1)
        return one.id
      }
      if (this.#told.has(one.id)) continue
      this.#told.add(one.id)
      this.#log.warn(
        `suppression "${one.id}" has ended (${new Date(one.until).toISOString()}): findings of "${finding.rule}" are told again`,
      )
    }
    return undefined
  }

  /** For people: how many there are, and what each held back. */
  describe(): string {
    if (this.#ids.length === 0) return ''
    const held = this.#ids.filter((id) => this.#counts.has(id)).map((id) => `${this.#counts.get(id)} by ${id}`)
    return `${this.#ids.length} suppressions${held.length > 0 ? ` (suppressed: ${held.join(', ')})` : ''}`
  }
}
