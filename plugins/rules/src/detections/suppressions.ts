import { type Event, type Finding, type Logger, rankOf } from '@cws/core'
import { timeOf } from './facts.ts'
import type { CheckedSuppression } from './suppression.ts'

/** Holds back findings that are known to mean nothing, and counts them. By the event's own time, so that a replay judges alike. */
export class Suppressions {
  readonly #byRule = new Map<string, CheckedSuppression[]>()
  readonly #log: Pick<Logger, 'warn'>
  readonly #told = new Set<string>()
  /** Findings that each held back, by its id. */
  readonly counts = new Map<string, number>()

  constructor(suppressions: readonly CheckedSuppression[], log: Pick<Logger, 'warn'>) {
    this.#log = log
    for (const one of suppressions) {
      this.counts.set(one.id, 0)
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
        this.counts.set(one.id, (this.counts.get(one.id) ?? 0) + 1)
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
    if (this.counts.size === 0) return ''
    const held = [...this.counts].filter(([, count]) => count > 0).map(([id, count]) => `${count} by ${id}`)
    return `${this.counts.size} suppressions${held.length > 0 ? ` (suppressed: ${held.join(', ')})` : ''}`
  }
}
