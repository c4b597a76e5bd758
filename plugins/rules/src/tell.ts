import type { Logger, PluginContext } from '@cws/core'
import type { LoadReport, Problem, RuleStatus } from './report.ts'

/** A report names so many at most in one line. */
const MOST_NAMED = 100

/** Says what is wrong with rules, files and detections, each with its place. */
export function tellProblems(report: LoadReport, log: Logger): void {
  for (const { message, frame } of report.warnings) log.warn({ frame }, message)
  for (const { origin, problem } of report.failed) log.error({ frame: problem.frame }, at(origin, problem, problem.message))
  for (const { file, errors, warnings } of report.policies) {
    for (const problem of errors) log.error({ frame: problem.frame }, at(file, problem, problem.message))
    for (const problem of warnings) log.warn({ frame: problem.frame }, at(file, problem, problem.message))
  }
  for (const rule of report.rules) {
    for (const problem of rule.errors) log.error({ frame: problem.frame }, at(rule.origin, problem, named(rule, problem)))
    // Those of rules in TypeScript are among the warnings of the report.
    if (rule.column !== undefined)
      for (const problem of rule.warnings) log.warn({ frame: problem.frame }, at(rule.origin, problem, named(rule, problem)))
  }
}

/** Says what runs, now that it is known what is fed; returns the fields of `agent.ruleset_loaded`. */
export function tellLoaded(
  report: LoadReport,
  rejected: readonly string[],
  { log, model }: Pick<PluginContext, 'log' | 'model'>,
): Readonly<Record<string, unknown>> {
  const { rules } = withUnfed(report, model.isFed)
  const unfed = inState({ rules }, 'unfed')
  for (const [type, ofType] of Map.groupBy(unfed, (rule) => rule.needs?.join(', ') ?? ''))
    log.info(`not fed here, so that they cannot fire: rules on "${type}" (${named100(ofType.map((rule) => rule.id))})`)
  const idsOf = (state: RuleStatus['state']) => inState({ rules }, state).map((rule) => rule.id)
  const run = idsOf('loaded').length
  const filtered = idsOf('filtered')
  const disabled = idsOf('disabled')
  const left = filtered.length > 0 ? `, ${filtered.length} filtered out` : ''
  log.info(`${run} rules run, ${unfed.length} not fed here, ${rejected.length} refused, ${disabled.length} off${left}`)
  return {
    loaded: run + unfed.length,
    unfed: unfed.map((rule) => rule.id),
    filtered,
    disabled,
    policies: report.policies.map(({ file, state }) => `${file}: ${state}`),
  }
}

/** The report as it is once it is known which events are fed. */
export function withUnfed(report: LoadReport, isFed: (type: string) => boolean): LoadReport {
  const rules = report.rules.map((rule): RuleStatus => {
    const lacking = (rule.steps ?? [rule.on]).find((types) => !types.some(isFed))
    return rule.state === 'loaded' && lacking ? { ...rule, state: 'unfed', needs: lacking } : rule
  })
  return { ...report, rules }
}

/** Ids of rules and names of files that were refused. */
export function refusedBy(report: LoadReport): readonly string[] {
  return [
    ...report.failed.map(({ origin }) => origin),
    ...report.policies.filter(({ state }) => state === 'error').map(({ file }) => file),
    ...inState(report, 'rejected').map(({ id }) => id),
  ]
}

function inState({ rules }: Pick<LoadReport, 'rules'>, state: RuleStatus['state']): readonly RuleStatus[] {
  return rules.filter((rule) => rule.state === state)
}

function named100(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return names.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** What does not evaluate names its place itself. */
function at(origin: string, { line, column }: Partial<Problem>, message: string): string {
  if (message.includes(`${origin}:`)) return message
  return `${origin}${line === undefined ? '' : `:${line}`}${column === undefined ? '' : `:${column}`}: ${message}`
}

function named({ id }: RuleStatus, { message }: Problem): string {
  return /^(?:rule|detection|suppression) "/.test(message) ? message : `rule "${id}": ${message}`
}
