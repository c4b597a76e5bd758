import { type CheckedRule, type Decision, messageOf, UNKNOWN } from '@cws/core'
import type { Workbench } from '@cws/core/cli'
import type { Given } from '../evaluate/given.ts'

/** What the function of a rule said, where its condition holds; `error`: it threw, so that the rule does not fire. */
export interface WhenDecision extends Decision {
  readonly error?: string
}

/** Asks `when` about an event. Undefined where the rule has none, or is not asked since its condition does not hold. */
export function askWhen(
  { when, on }: CheckedRule,
  { truth }: Decision,
  event: Given,
  bench: Pick<Workbench, 'eventOf'>,
): WhenDecision | undefined {
  if (!when || truth !== true) return undefined
  const read = new ReadValues(event)
  const decision = { text: 'when: a function in the source of the rule', decides: true, of: [] }
  try {
    const holds = Boolean(when(bench.eventOf(on, read) as never))
    return { ...decision, truth: holds, values: read.asked }
  } catch (error) {
    return { ...decision, truth: false, values: read.asked, error: messageOf(error) }
  }
}

/** Values of an event, which remember what was asked for. */
class ReadValues extends Map<string, unknown> {
  readonly asked: Record<string, unknown> = {}
  readonly #event: Given

  constructor(event: Given) {
    super()
    this.#event = event
  }

  override get(name: string): unknown {
    const value = this.#event.get(name)
    this.asked[name] = value
    return value === UNKNOWN ? undefined : value
  }
}
