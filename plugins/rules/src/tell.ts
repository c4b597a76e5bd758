import type { Logger, PluginContext } from '@cws/core'
import type { Loaded } from './load.ts'
import type { LoadReport, Problem, RuleStatus } from './report.ts'
import { unfedBy } from './unfed.ts'

type Told = Pick<Loaded, 'report' | 'rules'>

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
  loaded: Told,
  rejected: readonly string[],
  { log, model }: Pick<PluginContext, 'log' | 'model'>,
): Readonly<Record<string, unknown>> {
  const { report } = loaded
  const { rules } = withUnfed(loaded, model.isFed)
  const unfed = inState({ rules }, 'unfed')
  for (const [need, ofNeed] of Map.groupBy(unfed, ({ needs = [] }) => needs.join(', '))) {
    const what = need.includes('.') ? `that need ${need}` : `on "${need}"`
    log.info(
      `not fed here, so that they cannot fire: rules ${what} (${named100(ofNeed.map((rule) => rule.id))})${wouldFeed(ofNeed, model)}`,
    )
  }
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

/** Which sensors of this composition would, by which of their flavours: they do not run here. */
function wouldFeed([rule]: readonly RuleStatus[], { feeders }: PluginContext['model']): string {
  const { on = [], needs = [] } = rule ?? {}
  const found = needs.flatMap((need) => (on.includes(need) ? feeders(need) : on.flatMap((type) => feeders(type, need))))
  const texts = new Set(found.map(({ sensor, flavours }) => `the sensor "${sensor}" (${flavours.join(', ')})`))
  return texts.size > 0 ? `; ${[...texts].join(', ')} would feed them` : ''
}

/** The report as it is once it is known what is fed. */
export function withUnfed({ report, rules: running }: Told, isFed: PluginContext['model']['isFed']): LoadReport {
  const byId = Map.groupBy(running, ({ id }) => id)
  const needsOf = ({ id, on, steps }: RuleStatus): readonly string[] => {
    const rules = byId.get(id)
    // Of a detection, all of whose steps must be fed, the types of each step are known.
    if (!rules) return (steps ?? [on]).find((types) => !types.some((type) => isFed(type))) ?? []
    const needs = rules.map((rule) => unfedBy(rule, isFed))
    // Of a rule that became several, on an event type each, one that is fed is enough.
    return needs.some((of) => of.length === 0) ? [] : [...new Set(needs.flat())]
  }
  const rules = report.rules.map((rule): RuleStatus => {
    const needs = rule.state === 'loaded' ? needsOf(rule) : []
    return needs.length > 0 ? { ...rule, state: 'unfed', needs } : rule
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
