import { type CheckedRule, type Predicate, type Readable, UNKNOWN } from '@cws/core'
import type { Screen } from './screen.ts'

/** A rule, and what is to be judged of it. */
export interface Compiled {
  readonly rule: CheckedRule
  readonly holds: Predicate
  /** Asked before, while the event is the one that is looked up. */
  readonly screen?: Screen | undefined
  /** Its place among the rules of its event type. */
  readonly place: number
}

/** Told of each rule that is true of an event. */
export type OnTrue = (rule: CheckedRule, event: Readable) => void

/** Beyond so many the engine's own sort is faster. */
const FEW = 16

/** The rules that are to be judged of one event: each once, in the order of the rules. */
export class Candidates {
  readonly #list: Compiled[] = []
  readonly #taken: Float64Array
  #event = 0
  #count = 0

  /** `rules`: how many there are. */
  constructor(rules: number) {
    this.#taken = new Float64Array(rules)
  }

  /** For the next event. */
  clear(): void {
    this.#event++
    this.#count = 0
  }

  get count(): number {
    return this.#count
  }

  add(one: Compiled): void {
    if (this.#taken[one.place] === this.#event) return
    this.#taken[one.place] = this.#event
    this.#list[this.#count++] = one
  }

  addAll(list: readonly Compiled[]): void {
    for (let i = 0; i < list.length; i++) this.add(list[i] as Compiled)
  }

  /** A copy in the order of the rules. */
  sorted(): Compiled[] {
    return this.#list.slice(0, this.#count).sort(byPlace)
  }

  /** Calls back for every rule that is true of this event, one after another; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    const count = this.#screen(event)
    if (count === 0) return undefined
    if (count === 1) return judgeOne(this.#list[0] as Compiled, event, onTrue, undefined)
    if (count > FEW) return judgeEach(this.sorted(), event, onTrue)
    this.#sortFew(count)
    let unknown: Compiled[] | undefined
    for (let i = 0; i < count; i++) unknown = judgeOne(this.#list[i] as Compiled, event, onTrue, unknown)
    return unknown
  }

  /** Leaves out what look-ups rule out; returns how many are left. Before any is called back for: then other events may be judged. */
  #screen(event: Readable): number {
    const list = this.#list
    let left = 0
    for (let i = 0; i < this.#count; i++) {
      const one = list[i] as Compiled
      if (one.screen === undefined || one.screen(event)) list[left++] = one
    }
    this.#count = left
    return left
  }

  /** By insertion: nothing is allocated. */
  #sortFew(count: number): void {
    const list = this.#list
    for (let i = 1; i < count; i++) {
      const one = list[i] as Compiled
      let at = i
      for (; at > 0 && (list[at - 1] as Compiled).place > one.place; at--) list[at] = list[at - 1] as Compiled
      list[at] = one
    }
  }
}

const byPlace = (a: Compiled, b: Compiled) => a.place - b.place

/** Judges all of a list, in its order; returns those of which nobody knows. */
export function judgeEach(list: readonly Compiled[], event: Readable, onTrue: OnTrue): Compiled[] | undefined {
  let unknown: Compiled[] | undefined
  for (let i = 0; i < list.length; i++) unknown = judgeOne(list[i] as Compiled, event, onTrue, unknown)
  return unknown
}

function judgeOne(one: Compiled, event: Readable, onTrue: OnTrue, unknown: Compiled[] | undefined): Compiled[] | undefined {
  const truth = one.holds(event)
  if (truth === true) onTrue(one.rule, event)
  else if (truth === UNKNOWN) {
    if (unknown === undefined) return [one]
    unknown.push(one)
  }
  return unknown
}
