import type { Command } from 'commander'
import type { AgentStatus } from '../../agent/status.ts'
import { askIfRunning } from '../ask.ts'
import { composition, foldersOf } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import {
  type ConfigOption,
  configOption,
  type FolderOptions,
  type FormatOption,
  formatOption,
  runDirOption,
  withOptions,
} from '../options.ts'
import { type Cell, json, line, styled, table } from '../output.ts'

const EXAMPLES = `
Examples:
  cws plugins                 instances, their packages, how they are
  cws plugins --format json`

interface Row {
  readonly name: string
  readonly kind: string
  readonly package: string
  readonly version: string
  /** Null when no agent runs. */
  readonly state: string | null
  readonly detail: string | null
}

export function pluginsCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('plugins')
    .summary('list the plugins and their state')
    .description('Lists the plugins of the agent that runs, with their state; where none runs, those of the configuration.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), runDirOption(), formatOption('human')).action(
    async (options: ConfigOption & FolderOptions & FormatOption) => {
      const rows = (await running(options)) ?? (await configured(options, distribution))
      if (options.format === 'json') json(rows)
      else {
        table(
          rows.map(({ name, kind, package: from, version, state, detail }) => [
            styled('bold', name),
            kind,
            `${from} ${version}`,
            stateCell(state),
            detail ?? '',
          ]),
        )
        if (rows.some(({ state }) => state === null)) line(styled('dim', 'no agent runs: these are of the configuration'))
      }
    },
  )
}

async function running(options: FolderOptions): Promise<readonly Row[] | undefined> {
  const status = (await askIfRunning(foldersOf(options).run, 'status')) as AgentStatus | undefined
  return status?.plugins.map(({ detail, ...plugin }) => ({ ...plugin, detail: detail ?? null }))
}

async function configured(options: ConfigOption, distribution: Distribution): Promise<readonly Row[]> {
  const { instances } = await composition(options, distribution)
  return instances.map(({ instance: { name, kind, package: info } }) => ({
    name,
    kind,
    package: info.name,
    version: info.version,
    state: null,
    detail: null,
  }))
}

const stateCell = (state: string | null): Cell =>
  state === null ? '-' : styled(state === 'ok' ? 'green' : state === 'degraded' ? 'yellow' : 'red', state)
