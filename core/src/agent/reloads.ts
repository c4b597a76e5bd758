import { asError } from '../hooks/guard.ts'
import type { AgentStatus } from './status.ts'

export interface ReloadSteps {
  /** Whether the agent is as far as that, and not past it. */
  readonly mayBegin: () => boolean
  /** Puts what is configured now to work; rejects if that is not taken. */
  readonly reload: (why: string) => Promise<void>
  /** It was not taken. */
  readonly refused: (error: unknown) => void
}

/** Reloads, one at a time, and their counts: what is asked for while one runs, or while the agent starts, is done once, afterwards. */
export class Reloads {
  readonly #steps: ReloadSteps
  readonly #counts = { done: 0, rejected: 0, last_error: null as string | null, last_error_at: null as string | null }
  #running: Promise<void> | undefined
  #isAsked = false

  constructor(steps: ReloadSteps) {
    this.#steps = steps
  }

  get counts(): AgentStatus['reloads'] {
    return { ...this.#counts }
  }

  /** Whether one that was asked for did not begin yet. */
  get isAsked(): boolean {
    return this.#isAsked
  }

  /** Settles when all that were asked for are over. Never rejects. */
  ask(why: string): Promise<void> {
    this.#isAsked = true
    this.#running ??= this.#run(why).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Settles when none runs. */
  async over(): Promise<void> {
    await this.#running
  }

  /** One is at work. */
  succeeded(): void {
    this.#counts.done++
    this.#counts.last_error = null
    this.#counts.last_error_at = null
  }

  async #run(why: string): Promise<void> {
    while (this.#isAsked && this.#steps.mayBegin()) {
      this.#isAsked = false
      try {
        await this.#steps.reload(why)
      } catch (error) {
        this.#counts.rejected++
        this.#counts.last_error = asError(error).message
        this.#counts.last_error_at = new Date().toISOString()
        this.#steps.refused(error)
      }
    }
  }
}
