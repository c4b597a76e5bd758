import type { SyncHook } from 'tapable'
import type { LiveEvent } from '../model/event-class.ts'
import type { Hooks } from './create-hooks.ts'

type Hook = SyncHook<[LiveEvent]>

/** The hooks of one event type, undefined while nobody taps them: looked up again only when one was made, as each event asks for them. */
export class HooksOf {
  readonly #hooks: Hooks
  readonly #type: string
  #made = -1
  #detect: Hook | undefined
  #enrich: Hook | undefined

  constructor(hooks: Hooks, type: string) {
    this.#hooks = hooks
    this.#type = type
  }

  get detect(): Hook | undefined {
    if (this.#made !== this.#hooks.made) this.#lookUp()
    return this.#detect
  }

  get enrich(): Hook | undefined {
    if (this.#made !== this.#hooks.made) this.#lookUp()
    return this.#enrich
  }

  #lookUp(): void {
    this.#made = this.#hooks.made
    this.#detect = this.#hooks.detect.get(this.#type)
    this.#enrich = this.#hooks.enrich.get(this.#type)
  }
}
