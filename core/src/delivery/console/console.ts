import type { Signal } from '../../signals/signal.ts'
import { safeLine } from '../../signals/signal-json.ts'
import type { Output } from '../output.ts'
import type { AgentStatusLine, OutputFormat } from '../protocol.ts'
import { humanDropped, humanSignal, humanStatus } from './human.ts'

/** A line when a signal opens, then at most one in this time while it grows. */
export const UPDATE_MS = 10_000

export interface ConsoleOptions {
  readonly output: Output
  readonly format: OutputFormat
  readonly color: boolean
  /** The newest revision of a signal as it was stored, for lines that the output had no room for. */
  readonly bodyOf: (id: string) => string | undefined
  readonly decode: (body: string) => Signal
  readonly updateMs?: number
  /** Told the number of a signal when its line is written whole. */
  readonly onShown?: (number: number) => void
}

interface Shown {
  timer: NodeJS.Timeout
  /** The line of a newer revision, told when the time is over. */
  held: { readonly body: string; readonly number: number } | undefined
}

/** What stdout shows: always on, outside the notification rules. */
export class Console {
  readonly #options: ConsoleOptions
  readonly #shown = new Map<string, Shown>()
  /** Signals whose newest revision found no room in the output. */
  readonly #owed = new Map<string, number>()
  #toldDropped = 0

  constructor(options: ConsoleOptions) {
    this.#options = options
  }

  /** A new revision, as its line, and its number among all that come. */
  signal(id: string, body: string, number: number): void {
    const shown = this.#shown.get(id)
    if (shown) {
      shown.held = { body, number }
      return
    }
    this.#write(id, body, number)
    this.#shown.set(id, { timer: this.#arm(id), held: undefined })
  }

  /** Shows the newest revision of signals that an earlier thread may not have shown. */
  again(signals: readonly (readonly [id: string, number: number])[]): void {
    for (const [id, number] of signals) {
      const body = this.#options.bodyOf(id)
      if (body !== undefined) this.signal(id, body, number)
    }
  }

  /** Makes what would be written, and drops it. */
  rehearse(body: string): void {
    this.#text(body)
  }

  status(status: AgentStatusLine): void {
    this.#options.output.line(
      this.#json ? safeLine(JSON.stringify({ kind: 'status', ...status })) : humanStatus(status, this.#options.color),
    )
  }

  events(lines: string, count: number): void {
    this.#options.output.events(safeLine(lines), count)
  }

  /** The output has been emptied: what it had no room for is told now. */
  room(): void {
    const { output, bodyOf } = this.#options
    for (const [id, number] of [...this.#owed]) {
      const body = bodyOf(id)
      this.#owed.delete(id)
      if (body === undefined) continue
      this.#write(id, body, number)
      if (this.#owed.has(id)) return
    }
    const dropped = output.dropped - this.#toldDropped
    if (dropped === 0) return
    if (output.line(this.#json ? JSON.stringify({ kind: 'dropped', events: dropped }) : humanDropped(dropped, this.#options.color)))
      this.#toldDropped += dropped
  }

  /** Tells what is held back: the agent stops. */
  flush(): void {
    for (const [id, { timer, held }] of this.#shown) {
      clearTimeout(timer)
      if (held !== undefined) this.#write(id, held.body, held.number)
      this.#shown.delete(id)
    }
  }

  get #json(): boolean {
    return this.#options.format === 'json'
  }

  #arm(id: string): NodeJS.Timeout {
    return setTimeout(() => {
      const shown = this.#shown.get(id)
      if (shown?.held === undefined) {
        this.#shown.delete(id)
        return
      }
      const { body, number } = shown.held
      shown.held = undefined
      shown.timer = this.#arm(id)
      this.#write(id, body, number)
    }, this.#options.updateMs ?? UPDATE_MS)
  }

  #write(id: string, body: string, number: number): void {
    if (!this.#options.output.line(this.#text(body), () => this.#options.onShown?.(number))) this.#owed.set(id, number)
  }

  #text(body: string): string {
    const { color, decode } = this.#options
    return this.#json ? body : humanSignal(decode(body), color)
  }
}
