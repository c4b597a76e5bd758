import { type AnyDetection, type AnyRule, messageOf } from '@cws/core'
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
import { problemsOfDetection } from '../detections/cases.ts'
import { rulesOf } from './rules-of.ts'

interface Result {
  readonly id: string
  readonly origin: string
  readonly cases: number
  readonly problems: readonly string[]
}

const EXAMPLES = `
Cases stand in rules: \`tests: { fires: [{ 'exec.file.name': 'sh' }], silent: [{ 'exec.file.name': 'ls' }] }\`. Exit codes: 0 all pass, 1 some do not.

Examples:
  cws rules test ./rules/*.ts           these files
  cws rules test                        all rules of the configuration
  cws rules test --format json          for CI`

export function testCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('test [files...]')
    .summary('run the cases that stand in rules')
    .description(
      'Runs the cases that stand in rules: those that must fire and those that must not. Without files, the rules of the configuration.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (files: readonly string[], options: ConfigOption & FormatOption) => {
      await using bench = await workbench(options, distribution)
      const { found } = await rulesOf(files, bench)
      const begin = performance.now()
      const tester = new RuleTester({ events: bench.model.types().map(bench.model.get) })
      const ruleList = found.rules.map(({ rule }) => rule as AnyRule)
      const results: Result[] = [
        ...found.failed.map(({ origin, error }) => ({ id: origin, origin, cases: 0, problems: [messageOf(error)] })),
        ...found.rules.map(({ rule, origin }) => resultOf(rule as AnyRule, origin, tester)),
      ]
      for (const { rule, origin } of found.detections) {
        const problems = await problemsOfDetection(rule as AnyDetection, ruleList, bench.model.get)
        results.push({ id: (rule as AnyDetection).id ?? origin, origin, cases: casesOf(rule as AnyDetection), problems })
      }
      const ms = Math.round(performance.now() - begin)
      if (options.format === 'json') json({ ok: results.every(({ problems }) => problems.length === 0), ms, rules: results })
      else tell(results, ms)
      if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1
    },
  )
}

function resultOf(rule: AnyRule, origin: string, tester: RuleTester): Result {
  return { id: String(rule?.id ?? origin), origin, cases: casesOf(rule), problems: tester.problems(rule) }
}

function casesOf(one: AnyRule | AnyDetection): number {
  const { fires = [], silent = [] } = one?.tests ?? {}
  return fires.length + silent.length
}

function tell(results: readonly Result[], ms: number): void {
  for (const { id, origin, cases, problems } of results) {
    if (problems.length === 0) line(styled('green', 'ok'), styled('bold', id), styled('dim', `${cases} case${cases === 1 ? '' : 's'}`))
    else line(styled('red', 'failed'), styled('bold', id), styled('dim', origin))
    for (const problem of problems) for (const row of problem.split('\n')) line(`    ${row}`)
  }
  const failed = results.filter(({ problems }) => problems.length > 0).length
  const cases = results.reduce((sum, each) => sum + each.cases, 0)
  line(styled('dim', `${results.length} rules, ${cases} cases, ${failed} failed, ${ms} ms`))
}
