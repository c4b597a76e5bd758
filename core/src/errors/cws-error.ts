import type { ErrorCode } from './codes.ts'

export interface CwsErrorOptions {
  readonly cause?: unknown
  /** Instance name of the plugin at fault. */
  readonly plugin?: string | undefined
  /** Hook or phase in which it failed. */
  readonly hook?: string | undefined
  /** What to do about it, one line. */
  readonly hint?: string | undefined
  /** Source excerpt with a marker, ready to print. */
  readonly frame?: string | undefined
  /** Where in the text that was parsed, counted from 1. */
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** Every error that CWS throws on purpose. `code` is stable and documented in docs/errors.md. */
export class CwsError extends Error {
  override readonly name = 'CwsError'
  readonly code: ErrorCode
  readonly plugin: string | undefined
  readonly hook: string | undefined
  readonly hint: string | undefined
  readonly frame: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(code: ErrorCode, message: string, options: CwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.plugin = options.plugin
    this.hook = options.hook
    this.hint = options.hint
    this.frame = options.frame
    this.line = options.line
    this.column = options.column
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
