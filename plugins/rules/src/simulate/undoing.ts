/** A person or a supervisor ends the command by them. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What is undone when the scope ends, or the command is told to end. */
export class Undoing implements Disposable {
  undo = (): void => {}
  readonly #end = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]()
    process.kill(process.pid, signal)
  }

  constructor() {
    for (const signal of SIGNALS) process.once(signal, this.#end)
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#end)
    this.undo()
  }
}
