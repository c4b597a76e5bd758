import type { CheckedRule, EventDefinition, Readable, Recurring, Surroundings, Undecoded } from '@cws/core'
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
  /** By what all events of a feed have alike, which is one object. */
  readonly #plans = new Map<object | undefined, Plan>()
  #feed: object | undefined
  #plan: Plan | undefined

  /** `surroundings`: the variables that conditions read. What one rule sets when it is called back the next one sees. */
  constructor(rules: readonly CheckedRule[], definition: EventDefinition, surroundings?: Surroundings) {
    this.#rules = placed(rules, surroundings)
    this.#definition = definition
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    const { recurrence, bytes } = event as Recurring & Undecoded
    const feed = recurrence ?? bytes
    if (this.#plan === undefined || feed !== this.#feed) {
      this.#plan = this.#planFor(feed, { recurrence, bytes })
      this.#feed = feed
    }
    return this.#plan.judge(event, onTrue)
  }

  #planFor(feed: object | undefined, about: ConstructorParameters<typeof Plan>[2]): Plan {
    let plan = this.#plans.get(feed)
    if (!plan) {
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear()
      plan = new Plan(this.#rules, this.#definition, about)
      this.#plans.set(feed, plan)
    }
    return plan
  }
}
