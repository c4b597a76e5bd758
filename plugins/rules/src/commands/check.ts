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
  withOptions,
  workbench,
} from '@cws/core/cli'
import type { LoadReport, Problem, RuleState, RuleStatus } from '../report.ts'
import { feedersOf } from './feeders.ts'
import { rulesOf } from './rules-of.ts'

/** What is told of a rule, or of a file as a whole. */
interface Checked {
  /** Of the rule; of a file that is lost as a whole, its name. */
  readonly id: string
  readonly file: string
  readonly line: number | null
  readonly state: RuleState
  readonly errors: readonly Told[]
  readonly warnings: readonly Told[]
  /** Event types that nothing feeds; what filters the rule out. */
  readonly needs?: readonly string[]
  /** Of each of them, which sensor would. */
  readonly feeders?: Readonly<Record<string, string>>
  readonly filter?: string
}

interface Told {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly frame?: string | undefined
}

const EXAMPLES = `
Files are policies (*.policy, *.yaml) and modules of rules (*.ts, *.js). Exit codes: 0 right, 1 something is rejected; with --strict also if there is a warning.

Examples:
  cws rules check ./rules/*.policy            these files
  cws rules check                             what the configuration names
  cws rules check --strict --format json      for CI`

export function checkCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('check [files...]')
    .summary('look rules over, every problem at once')
    .description('Looks rules over against the model: every problem at once, each with its place. Needs no root and no agent.')
    .option('--strict', 'warnings count as errors: `&&` beside `||` without parentheses, unknown keys')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (files: readonly string[], { strict, ...options }: ConfigOption & FormatOption & { readonly strict?: true }) => {
      await using bench = await workbench(options, distribution)
      const { report } = await rulesOf(files, bench)
      const feeders = await feedersOf(report.rules, bench)
      const textsOf = (id: string) => Object.fromEntries(Object.entries(feeders.get(id) ?? {}).map(([need, { text }]) => [need, text]))
      const checked = checkedIn(report).map((one) => ({ ...one, ...(one.state === 'unfed' ? { feeders: textsOf(one.id) } : {}) }))
      const warnings = report.warnings.map(({ message }) => message)
      if (options.format === 'json') json({ rules: checked.map(withoutFrames), warnings })
      else tell(checked, report)
      const warned = warnings.length > 0 || checked.some((one) => one.warnings.length > 0)
      if (checked.some(({ state }) => state === 'rejected') || (strict && warned)) process.exitCode = 1
    },
  )
}

function checkedIn(report: LoadReport): Checked[] {
  const lost = [
    ...report.failed.map(({ origin, problem }) => ({ file: origin, errors: [problem], warnings: [] as readonly Problem[] })),
    ...report.policies.filter(({ errors, warnings }) => errors.length + warnings.length > 0),
  ]
  return [
    ...report.rules.map(checkedRule),
    ...lost.map(({ file, errors, warnings }): Checked => {
      const state = errors.length > 0 ? 'rejected' : 'loaded'
      return {
        id: file,
        file,
        line: errors[0]?.line ?? null,
        state,
        errors: errors.map((each) => told(each)),
        warnings: warnings.map((each) => told(each)),
      }
    }),
  ]
}

function checkedRule({ id, state, origin, line: at, errors, warnings, needs, filter }: RuleStatus): Checked {
  return {
    id,
    file: origin,
    line: at ?? null,
    state,
    errors: errors.map((problem) => told(problem, at)),
    warnings: warnings.map((problem) => told(problem, at)),
    ...(needs ? { needs } : {}),
    ...(filter === undefined ? {} : { filter }),
  }
}

/** A problem without a place stands where its rule begins, or its file. */
function told({ line: row, column, message, frame }: Problem, beginning = 1): Told {
  return { line: row ?? beginning, column: column ?? 1, message, frame }
}

function withoutFrames({ errors, warnings, ...rest }: Checked) {
  const bare = ({ line: row, column, message }: Told) => ({ line: row, column, message })
  return { ...rest, errors: errors.map(bare), warnings: warnings.map(bare) }
}

function tell(checked: readonly Checked[], report: LoadReport): void {
  for (const { id, file, line: at, errors, warnings, feeders = {} } of checked) {
    if (errors.length > 0) line(styled('red', 'rejected'), styled('bold', id), styled('dim', at === null ? file : `${file}:${at}`))
    else if (warnings.length > 0) line(styled('yellow', 'warning'), styled('bold', id), styled('dim', at === null ? file : `${file}:${at}`))
    for (const problem of [...errors, ...warnings]) tellProblem(problem)
    for (const [need, feeder] of Object.entries(feeders))
      line(styled('yellow', 'unfed'), styled('bold', id), styled('dim', `nothing here feeds ${need}: ${feeder}`))
  }
  for (const { message, frame } of report.warnings) {
    line(styled('yellow', 'warning'), message)
    tellFrame(frame)
  }
  const counts = Map.groupBy(checked, ({ state }) => state)
  line([...counts].map(([state, of]) => `${of.length} ${state}`).join(', ') || 'no rules')
}

function tellProblem({ line: row, column, message, frame }: Told): void {
  line('  ', `${row}:${column}`, message)
  tellFrame(frame)
}

function tellFrame(frame: string | undefined): void {
  for (const row of frame?.split('\n') ?? []) line(`      ${row}`)
}
