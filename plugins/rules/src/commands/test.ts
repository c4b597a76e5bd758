import type { AnyDetection, AnyRule, CheckedRule, EventDefinition } from '@cws/core'
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
import { RuleTester } from '@cws/core/testing'
import type { Collected } from '../collect.ts'
import { problemsOfDetection } from '../detections/cases.ts'
import { problemsOfCases } from '../policy/cases.ts'
import type { PolicyRule } from '../policy/compile-rule.ts'
import type { LoadReport } from '../report.ts'
import { lostIn, rulesOf } from './rules-of.ts'

interface Result {
  readonly id: string
  readonly origin: string
  readonly cases: number
  readonly problems: readonly string[]
}

const EXAMPLES = `
Cases stand in rules: \`tests: { fires: [{ 'exec.file.name': 'sh' }], silent: [{ 'exec.file.name': 'ls' }] }\`; the same in policies. Of a case, what is
not given is UNKNOWN. Exit codes: 0 all pass, 1 some do not, or a rule is rejected.

Examples:
  cws rules test ./rules/*.ts           these files
  cws rules test                        all rules of the configuration, as they were written
  cws rules test --format json          for CI`

export function testCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('test [files...]')
    .summary('run the cases that stand in rules')
    .description('Runs the cases that stand in rules: those on which a rule must fire and those on which it must not.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (files: readonly string[], options: ConfigOption & FormatOption) => {
      await using bench = await workbench(options, distribution)
      const loaded = await rulesOf(files, bench, { tuned: false })
      const begin = performance.now()
      const tester = new RuleTester({ events: bench.model.types().map(bench.model.get) })
      const origins = new Map(loaded.report.rules.map(({ id, origin }) => [id, origin]))
      // What no single event tells: a rule on `fim.write` is several with one set of cases, and variables have their initial values.
      const general = new Map(
        loaded.policyRules.filter(({ readsVariables, cases, tests }) => readsVariables || cases !== tests).map((rule) => [rule.id, rule]),
      )
      const results = [
        ...refused(loaded.report),
        ...loaded.rules.filter(({ id }) => !general.has(id)).map((rule) => resultOf(rule, origins.get(rule.id) ?? '', tester)),
        ...[...general.values()].map((rule) => resultOfGeneral(rule, origins.get(rule.id) ?? '')),
        ...(await resultsOfDetections(loaded.found, bench.model.get)),
      ]
      const ms = Math.round(performance.now() - begin)
      const ok = results.every(({ problems }) => problems.length === 0)
      if (options.format === 'json') json({ ok, ms, rules: results })
      else tell(results, ms)
      if (!ok) process.exitCode = 1
    },
  )
}

/** What cannot be tested, for it does not load. */
function refused(report: LoadReport): Result[] {
  return [
    ...lostIn(report).map(({ origin, messages }) => ({ id: origin, origin, cases: 0, problems: messages })),
    ...report.rules
      .filter(({ state }) => state === 'rejected')
      .map(({ id, origin, errors }) => ({ id, origin, cases: 0, problems: errors.map(({ message }) => message) })),
  ]
}

/** A rule without any case is untested, which `cws rules test` tells and no more. */
function resultOf(rule: CheckedRule, origin: string, tester: RuleTester): Result {
  const cases = rule.tests.fires.length + rule.tests.silent.length
  return { id: rule.id, origin, cases, problems: cases === 0 ? [] : tester.problemsOf(rule) }
}

function resultOfGeneral(rule: PolicyRule, origin: string): Result {
  return { id: rule.id, origin, cases: rule.cases.fires.length + rule.cases.silent.length, problems: problemsOfCases(rule) }
}

async function resultsOfDetections({ detections, rules }: Collected, find: (type: string) => EventDefinition): Promise<Result[]> {
  const results: Result[] = []
  for (const { rule, origin } of detections) {
    const detection = rule as AnyDetection
    const { fires = [], silent = [] } = detection.tests ?? {}
    const problems = await problemsOfDetection(
      detection,
      rules.map((each) => each.rule as AnyRule),
      find,
    )
    results.push({ id: detection.id ?? origin, origin, cases: fires.length + silent.length, problems })
  }
  return results
}

function tell(results: readonly Result[], ms: number): void {
  for (const { id, origin, cases, problems } of results) {
    if (problems.length > 0) line(styled('red', 'failed'), styled('bold', id), styled('dim', origin))
    else if (cases === 0) line(styled('yellow', 'untested'), styled('bold', id), styled('dim', 'no cases'))
    else line(styled('green', 'ok'), styled('bold', id), styled('dim', `${cases} case${cases === 1 ? '' : 's'}`))
    for (const problem of problems) for (const row of problem.split('\n')) line(`    ${row}`)
  }
  const failed = results.filter(({ problems }) => problems.length > 0).length
  const cases = results.reduce((sum, each) => sum + each.cases, 0)
  line(styled('dim', `${results.length} rule${results.length === 1 ? '' : 's'}, ${cases} cases, ${failed} failed, ${ms} ms`))
}
