import pino from 'pino'
import type { Logger } from '../plugin/logger.ts'
import { escapeInvisible, printable } from '../signals/printable.ts'

/** Characters of log that may wait for a stalled stderr; what is over is dropped. */
const MAX_BUFFER = 1024 * 1024

export interface LoggerOptions {
  readonly level: string
  /** Short lines for a person, else pino's JSON. */
  readonly human: boolean
  readonly color: boolean
}

const LEVELS: Readonly<Record<number, readonly [word: string, ansi: string]>> = {
  20: ['debug', '2'],
  30: ['info', '36'],
  40: ['warn', '33'],
  50: ['error', '31'],
  60: ['fatal', '31'],
}

/** The root logger, on stderr. It never waits: a terminal that is paused must not stall the engine. Returns a child for each plugin. */
export function createLogger(options: LoggerOptions): { logFor(plugin: string): Logger; flush(): void } {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MAX_BUFFER })
  destination.on('error', () => {})
  // Plugins log what they saw, in whatever words an attacker chose. JSON itself leaves much to a terminal.
  const shown = options.human ? (line: string) => humanLine(line, options.color) : escapeInvisible
  const stream = { write: (line: string) => void destination.write(shown(line)) }
  const root = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  const children = new Map<string, Logger>()
  return {
    logFor: (plugin) => {
      let child = children.get(plugin)
      if (!child) {
        child = root.child({ plugin }) as unknown as Logger
        children.set(plugin, child)
      }
      return child
    },
    flush: () => {
      try {
        destination.flushSync()
      } catch {
        // Nothing was opened or stderr is gone: there is nobody to tell.
      }
    },
  }
}

function humanLine(line: string, color: boolean): string {
  const { level, time, plugin, msg, code, hint, frame, stack } = JSON.parse(line) as {
    level: number
    time: string
    plugin?: string
    msg?: string
    code?: string
    hint?: string
    frame?: string
    stack?: string
  }
  const [word, ansi] = LEVELS[level] ?? ['log', '0']
  const tag = color ? `\x1b[${ansi}m${word}\x1b[0m` : word
  const tail = [
    code ? ` (${code})` : '',
    ...rows(frame),
    hint ? `\n      ${printable(hint)}` : '',
    ...(level === 20 ? rows(stack) : []),
  ].join('')
  return `${time.slice(11, 19)} ${tag.padEnd(color ? 14 : 5)} ${plugin ? `${plugin}: ` : ''}${printable(msg ?? '')}${tail}\n`
}

const rows = (text: string | undefined): string[] => (text?.split('\n') ?? []).map((row) => `\n      ${printable(row)}`)
