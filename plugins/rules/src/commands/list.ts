import {
  type Command,
  type ConfigOption,
  configOption,
  type Distribution,
  type FormatOption,
  formatOption,
  json,
  line,
  styled,
  table,
  withOptions,
  workbench,
} from '@cws/core/cli'
import type { RuleState, RuleStatus } from '../report.ts'
import { rulesOf } from './rules-of.ts'

interface Row {
  readonly id: string
  readonly state: RuleState
  readonly on: readonly string[]
  readonly severity: string | null
  readonly name: string | null
  readonly origin: string
}

const EXAMPLES = `
loaded: it runs. unfed: no sensor of this configuration feeds its event type, or a field that it needs. disabled: by \`tune\` or a policy. filtered: not for this host. rejected:
\`cws rules check\` says why.

Examples:
  cws rules list
  cws rules list ssh                    those with "ssh" in their id or name
  cws rules list --format json | jq -r '.[].id'`

export function listCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('list [filter]')
    .summary('list the rules of the configuration')
    .description('Lists the rules of the configuration, or of the preset, and what becomes of each.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (filter: string | undefined, options: ConfigOption & FormatOption) => {
      await using bench = await workbench(options, distribution)
      const { report } = await rulesOf([], bench)
      const words = filter?.toLowerCase()
      const rows = report.rules
        .map(rowOf)
        .filter(({ id, name }) => words === undefined || `${id}\n${name ?? ''}`.toLowerCase().includes(words))
      if (options.format === 'json') json(rows)
      else tell(rows)
    },
  )
}

function rowOf({ id, state, on, severity, name, origin }: RuleStatus): Row {
  return { id, state, on, severity: severity ?? null, name: name ?? null, origin }
}

const STYLES = { loaded: 'green', unfed: 'yellow', disabled: 'dim', filtered: 'dim', rejected: 'red' } as const

function tell(rows: readonly Row[]): void {
  table(
    rows.map(({ id, state, on, severity, name }) => [
      styled(STYLES[state], state),
      styled('bold', id),
      on.join(',') || '-',
      severity ?? '-',
      name ?? '',
    ]),
  )
  const counts = Map.groupBy(rows, ({ state }) => state)
  line(styled('dim', [...counts].map(([state, of]) => `${of.length} ${state}`).join(', ') || 'no rules'))
}
