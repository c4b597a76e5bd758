import type { ProcessTracker, TrackedEvent } from '../plugin/tracker.ts'

/** The simplest process tree: a process is its pid. It lets `ctx.per('process')` work where no plugin keeps a tree. */
export class PidTracker implements ProcessTracker {
  readonly #callbacks: ((process: number) => void)[] = []

  locate(event: TrackedEvent): number {
    const pid = event.pid ?? event.get('process.pid')
    return typeof pid === 'number' ? pid : -1
  }

  processOf(actor: number): number {
    return actor
  }

  onRelease(callback: (process: number) => void): void {
    this.#callbacks.push(callback)
  }

  /** A process is gone for good. */
  release(pid: number): void {
    for (const callback of this.#callbacks) callback(pid)
  }
}
