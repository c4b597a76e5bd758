import { CommanderError } from 'commander'
import { type ErrorCode, errorCodes } from '../errors/codes.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { printable } from '../signals/printable.ts'

/** Exit codes are a contract: 0 all well, 1 it failed while running, 2 command line or configuration are wrong, 3 no sensor can run. */
export type ExitCode = 0 | 1 | 2 | 3

const RUNTIME: readonly ErrorCode[] = [
  'CWS_ERR_NOT_RUNNING',
  'CWS_ERR_STATE_LOCKED',
  'CWS_ERR_STATE_DIR',
  'CWS_ERR_STORE',
  'CWS_ERR_DELIVERY',
  'CWS_ERR_PLUGIN_TIMEOUT',
  'CWS_ERR_PLUGIN_FAULT',
]

export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
  if (!(thrown instanceof CwsError)) return 1
  if (thrown.code === 'CWS_ERR_SOURCES_FAILED') return 3
  return RUNTIME.includes(thrown.code) ? 1 : 2
}

/** An error as `--format json` shows it. */
export function errorJson(thrown: unknown): Record<string, unknown> {
  if (thrown instanceof CwsError) {
    const { code, message, plugin, hint, frame } = thrown
    return { code, message, plugin: plugin ?? null, hint: hint ?? errorCodes[code].todo, frame: frame ?? null }
  }
  const code: ErrorCode = thrown instanceof CommanderError ? 'CWS_ERR_USAGE' : 'CWS_ERR_UNEXPECTED'
  const message = thrown instanceof CommanderError ? usageMessage(thrown) : messageOf(thrown)
  return { code, message, plugin: null, hint: errorCodes[code].todo, frame: null }
}

/** Commander writes for a terminal: with a word in front, and a suggestion in a line below. */
function usageMessage({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'a sub-command is missing' : message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
}

/** An error for a person, on stderr: what, where, what to do. Commander has told its own already. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof CommanderError) return ''
  if (!(thrown instanceof CwsError)) return `cws: ${printable(messageOf(thrown))}\n${debugStack(thrown)}`
  const lines = [`cws: ${multiline(thrown.message)} (${thrown.code})`]
  if (thrown.frame) lines.push('', multiline(thrown.frame), '')
  lines.push(`  ${multiline(thrown.hint ?? errorCodes[thrown.code].todo)}`)
  return `${lines.join('\n')}\n${debugStack(thrown)}`
}

const multiline = (text: string): string => text.split('\n').map(printable).join('\n')

/** Stacks are for those who ask. */
function debugStack(thrown: unknown): string {
  return process.env['CWS_LOG_LEVEL'] === 'debug' && thrown instanceof Error ? `${thrown.stack ?? ''}\n` : ''
}
