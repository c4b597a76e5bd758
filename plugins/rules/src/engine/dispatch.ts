import type { CheckedRule, EventDefinition, Readable, Recurrence, Recurring } from '@cws/core'
import type { Compiled, OnTrue } from './candidates.ts'
import { type PlacedRule, placed } from './placed-rule.ts'
import { Plan } from './plan.ts'

/** Feeds of one event type that plans are kept for: the kernel's, and what comes as objects. */
const MAX_PLANS = 4

/**
 * Judges the events of one type by all its rules: each as if it were judged alone, in the order of the rules. What feeds tell of what recurs
 * differs, so each has a plan of its own, made when its first event comes.
 */
export class Dispatch {
  readonly #rules: readonly PlacedRule[]
  readonly #definition: EventDefinition
  readonly #plans = new Map<Recurrence | undefined, Plan>()
  #recurrence: Recurrence | undefined
  #plan: Plan | undefined

  constructor(rules: readonly CheckedRule[], definition: EventDefinition) {
    this.#rules = placed(rules)
    this.#definition = definition
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    const { recurrence } = event as Recurring
    if (this.#plan === undefined || recurrence !== this.#recurrence) {
      this.#recurrence = recurrence
      this.#plan = this.#planFor(recurrence)
    }
    return this.#plan.judge(event, onTrue)
  }

  #planFor(recurrence: Recurrence | undefined): Plan {
    let plan = this.#plans.get(recurrence)
    if (!plan) {
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear()
      plan = new Plan(this.#rules, this.#definition, recurrence)
      this.#plans.set(recurrence, plan)
    }
    return plan
  }
}
