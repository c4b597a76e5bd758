import { addon } from './addon.ts'

/** Bytes of the name of one place. */
export const PLACE_BYTES = 256

export interface WatchdogOptions {
  /** Written by this thread: the place that runs (0: none), the number of the outermost call, the place of that call. */
  readonly words: Int32Array
  /** What places are called, PLACE_BYTES each, ended by a zero byte. */
  readonly names: Uint8Array
  /** Milliseconds that one call may take. */
  readonly limitMs: number
  /** The variable that tells the new process: the name of the place follows it, then `]`. */
  readonly tell: { readonly variable: string; readonly begins: string }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Int32Array) => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

/**
 * Watches this thread from another one: when one call holds it up for longer than the limit, this process executes itself anew, with the same
 * arguments and environment, and the name of the place that did not return in a variable. Once a process; it ends with this thread's
 * JavaScript. The memory is given away for as long. Throws `CWS_WATCHDOG`.
 */
export function openWatchdog({ words, names, limitMs, tell }: WatchdogOptions): void {
  const env = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || name === tell.variable ? [] : [`${name}=${value}`],
  )
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  addon().watchdogOpen(bytesOf(words), bytesOf(names), process.execPath, argv, [...env, `${tell.variable}=${tell.begins}`], limitMs)
}
