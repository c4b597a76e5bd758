import type { Signal } from '../../signals/signal.ts'
import { safeLine } from '../../signals/signal-json.ts'
import type { Output } from '../output.ts'
import type { AgentStatusLine, OutputFormat } from '../protocol.ts'
import { humanDropped, humanSignal, humanStatus } from './human.ts'

/** DESIGN §9: a line when a signal opens, then at most one in this time while it grows. */
const UPDATE_MS = 10_000

export interface ConsoleOptions {
  readonly output: Output
  readonly format: OutputFormat
  readonly color: boolean
  /** The newest revision of a signal as it was stored, for lines that the output had no room for. */
  readonly bodyOf: (id: string) => string | undefined
  readonly decode: (body: string) => Signal
  readonly updateMs?: number
}

interface Shown {
  timer: NodeJS.Timeout
  /** The line of a newer revision, told when the time is over. */
  held: string | undefined
}

/** What stdout shows: always on, outside the notification rules. */
export class Console {
  readonly #options: ConsoleOptions
  readonly #shown = new Map<string, Shown>()
  /** Signals whose newest revision found no room in the output. */
  readonly #owed = new Set<string>()
  #toldDropped = 0

  constructor(options: ConsoleOptions) {
    this.#options = options
  }

  /** A new revision, as its line. */
  signal(id: string, body: string): void {
    const shown = this.#shown.get(id)
    if (shown) {
      shown.held = body
      return
    }
    this.#write(id, body)
    this.#shown.set(id, { timer: this.#arm(id), held: undefined })
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
    for (const id of [...this.#owed]) {
      const body = bodyOf(id)
      this.#owed.delete(id)
      if (body === undefined) continue
      this.#write(id, body)
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
      if (held !== undefined) this.#write(id, held)
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
      const body = shown.held
      shown.held = undefined
      shown.timer = this.#arm(id)
      this.#write(id, body)
    }, this.#options.updateMs ?? UPDATE_MS)
  }

  #write(id: string, body: string): void {
    if (!this.#options.output.line(this.#text(body))) this.#owed.add(id)
  }

  #text(body: string): string {
    const { color, decode } = this.#options
    return this.#json ? body : humanSignal(decode(body), color)
  }
}
