import type { DeliveryLog } from './log.ts'
import type { LogLevel } from './protocol.ts'

/** So many lines of one kind are written as they come. */
const BURST = 5
/** What comes in this time beyond that is one line at its end, ms. */
const WINDOW_MS = 60_000
/** Kinds that are told apart; the others are one. */
const MAX_KINDS = 32
/** Of a message, what tells kinds apart, in characters. */
const TELLING = 80

interface Line {
  readonly level: LogLevel
  readonly details: object | undefined
  readonly message: string
}

interface Kind {
  written: number
  /** Lines that wait for the end of the window: the last of them, and how many. */
  held: number
  last: Line | undefined
  readonly timer: NodeJS.Timeout
}

/**
 * A log in which a flood of lines that say the same is a few: five, then one a minute, the last, with the number of those that it stands for. Lines are
 * of one kind that begin alike but for numbers. What is for debugging comes as it is.
 */
export class PacedLog implements DeliveryLog, Disposable {
  readonly #log: DeliveryLog
  readonly #kinds = new Map<string, Kind>()

  constructor(log: DeliveryLog) {
    this.#log = log
  }

  debug(first: object | string, second = ''): void {
    this.#write({ level: 'debug', ...partsOf(first, second) })
  }

  info(first: object | string, second = ''): void {
    this.#take({ level: 'info', ...partsOf(first, second) })
  }

  warn(first: object | string, second = ''): void {
    this.#take({ level: 'warn', ...partsOf(first, second) })
  }

  error(first: object | string, second = ''): void {
    this.#take({ level: 'error', ...partsOf(first, second) })
  }

  /** Writes what waits. */
  [Symbol.dispose](): void {
    for (const kind of this.#kinds.values()) {
      clearTimeout(kind.timer)
      this.#flush(kind)
    }
    this.#kinds.clear()
  }

  #take(line: Line): void {
    const kind = this.#kindOf(line)
    if (kind.written < BURST) {
      kind.written++
      this.#write(line)
    } else {
      kind.held++
      kind.last = line
    }
  }

  #kindOf({ level, message }: Line): Kind {
    const own = `${level} ${message.slice(0, TELLING).replace(/[0-9a-f]*\d[0-9a-f]*/gi, '#')}`
    const name = this.#kinds.has(own) || this.#kinds.size < MAX_KINDS ? own : level
    return this.#kinds.get(name) ?? this.#begin(name, 0)
  }

  #begin(name: string, written: number): Kind {
    const timer = setTimeout(() => this.#end(name, kind), WINDOW_MS).unref()
    const kind: Kind = { written, held: 0, last: undefined, timer }
    this.#kinds.set(name, kind)
    return kind
  }

  /** A flood that goes on has no second burst. */
  #end(name: string, kind: Kind): void {
    this.#kinds.delete(name)
    if (kind.held > 0) this.#begin(name, BURST)
    this.#flush(kind)
  }

  #flush({ held, last }: Kind): void {
    if (!last) return
    const more = held - 1
    this.#write(
      more === 0 ? last : { ...last, details: { ...last.details, more }, message: `${last.message} (and ${more} more in the last minute)` },
    )
  }

  #write({ level, details, message }: Line): void {
    if (details === undefined) this.#log[level](message)
    else this.#log[level](details, message)
  }
}

const partsOf = (first: object | string, second: string): Omit<Line, 'level'> =>
  typeof first === 'string' ? { details: undefined, message: first } : { details: first, message: second }
