import { type Command, InvalidArgumentError, Option } from 'commander'
import type { OutputFormat } from '../delivery/protocol.ts'

export interface ConfigOption {
  readonly config?: string
}
export interface FolderOptions {
  readonly stateDir?: string
  readonly runDir?: string
}
export interface FormatOption {
  readonly format?: OutputFormat
}
export interface LogOption {
  readonly logLevel: string
}

export const configOption = () => new Option('-c, --config <path>', 'configuration file, or the folder it is in').env('CWS_CONFIG')
export const stateDirOption = () => new Option('--state-dir <folder>', 'signals and state of plugins').env('CWS_STATE_DIR')
export const runDirOption = () => new Option('--run-dir <folder>', 'the sockets of the agent').env('CWS_RUN_DIR')
export const formatOption = (fallback: string) =>
  new Option('--format <format>', `human or json; default: ${fallback}`).choices(['human', 'json'])
export const logLevelOption = () =>
  new Option('--log-level <level>', 'what is told on stderr').choices(['debug', 'info', 'warn', 'error', 'silent']).env('CWS_LOG_LEVEL')

/** Adds options to a command, in order. */
export function withOptions(command: Command, ...options: readonly Option[]): Command {
  for (const option of options) command.addOption(option)
  return command
}

/** `exec,fork` as a list. */
export function typeList(text: string): readonly string[] {
  const types = text
    .split(',')
    .map((type) => type.trim())
    .filter((type) => type !== '')
  if (types.length === 0) throw new InvalidArgumentError('name event types, for example exec,exit')
  return types
}
