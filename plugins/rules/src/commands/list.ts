import type { CheckedRule, Finding, Severity } from '@cws/core'
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
import { load } from '../load.ts'
import { unfedBy } from '../unfed.ts'
import { rulesOf } from './rules-of.ts'

interface Row {
  readonly id: string
  readonly state: 'loaded' | 'unfed' | 'off' | 'rejected'
  readonly on: string | null
  readonly severity: Severity | null
  readonly name: string | null
  readonly tags: readonly string[]
}

const EXAMPLES = `
loaded: it runs. unfed: no sensor of this configuration feeds its event type, or a field that it needs. off: by \`tune\`. rejected: \`cws rules check\` says why.

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
      const { found, tune } = await rulesOf([], bench)
      const loaded = load(found, tune, bench.model)
      const fed = new Set<string>(bench.sources.flatMap(({ feeds }) => feeds))
      const isFed = (type: string, field?: string) =>
        (fed.has(type) || type.startsWith('agent.')) && (field === undefined || bench.isTold(type, field))
      const rows: Row[] = [
        ...loaded.rules.map((rule) => rowOf(rule, unfedBy(rule, isFed).length === 0 ? 'loaded' : 'unfed')),
        ...loaded.detections.map(({ id, finding }) => ({ ...nameless(id, 'loaded'), ...shownOf(finding) })),
        ...loaded.off.map((id) => nameless(id, 'off')),
        ...loaded.report.failed.map(({ origin }) => nameless(origin, 'rejected')),
        ...loaded.report.rules.filter(({ state }) => state === 'rejected').map(({ id }) => nameless(id, 'rejected')),
      ]
      const words = filter?.toLowerCase()
      const shown = rows.filter(({ id, name }) => words === undefined || `${id}\n${name ?? ''}`.toLowerCase().includes(words))
      if (options.format === 'json') json(shown)
      else tell(shown)
    },
  )
}

function rowOf({ id, on, finding }: CheckedRule, state: Row['state']): Row {
  return { id, state, on, ...shownOf(finding) }
}

function shownOf({ severity, title, tags }: Finding): Pick<Row, 'severity' | 'name' | 'tags'> {
  return { severity, name: title ?? null, tags: tags ?? [] }
}

const nameless = (id: string, state: Row['state']): Row => ({ id, state, on: null, severity: null, name: null, tags: [] })

const STYLES = { loaded: 'green', unfed: 'yellow', off: 'dim', rejected: 'red' } as const

function tell(rows: readonly Row[]): void {
  table(
    rows.map(({ id, state, on, severity, name }) => [
      styled(STYLES[state], state),
      styled('bold', id),
      on ?? '-',
      severity ?? '-',
      name ?? '',
    ]),
  )
  const counts = Map.groupBy(rows, ({ state }) => state)
  line(styled('dim', `${[...counts].map(([state, of]) => `${of.length} ${state}`).join(', ') || 'no rules'}`))
}
