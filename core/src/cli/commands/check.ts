import type { Command } from 'commander'
import type { Composition } from '../../config/load-composition.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { composition, loggerFor, lookingRuntime } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { type ConfigOption, configOption, type FormatOption, formatOption, withOptions } from '../options.ts'
import { json, line, styled, table } from '../output.ts'
import { errorJson, exitCodeOf } from '../report-error.ts'

/** A plugin that did not come through its set-up whole: it failed, or refused a rule. */
interface Problem {
  readonly plugin: string
  readonly message: string
}

const EXAMPLES = `
Exit codes: 0 right, 2 wrong.

Examples:
  cws check                          the configuration that \`cws run\` would use
  cws check -c ./cws.config.ts       this one
  cws check --format json            for CI`

export function checkCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('check')
    .summary('look over the configuration; start nothing')
    .description(
      'Loads the configuration, checks every option, and sets the plugins up, rules included; attaches and sends nothing. Needs no root.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(async (options: ConfigOption & FormatOption) => {
    try {
      const loaded = await composition(options, distribution)
      const problems = await setUp(loaded)
      if (options.format === 'json') json({ ok: problems.length === 0, ...summary(loaded), problems })
      else tell(loaded, problems)
      if (problems.length > 0) process.exitCode = 2
    } catch (error) {
      if (options.format !== 'json' || !(error instanceof CwsError)) throw error
      json({ ok: false, error: errorJson(error) })
      process.exitCode = exitCodeOf(error)
    }
  })
}

async function setUp({ instances }: Composition): Promise<readonly Problem[]> {
  const { logFor } = await loggerFor('warn', true)
  const runtime = await lookingRuntime(instances, logFor)
  await runtime.setup()
  const problems = runtime
    .pluginReports()
    .flatMap(({ name, state, detail }) => (state !== 'ok' ? [{ plugin: name, message: detail ?? '' }] : []))
  await runtime.stop()
  return problems
}

function summary({ file, instances, notifications, warnings }: Composition): Record<string, unknown> {
  return {
    config: file ?? null,
    plugins: instances.map(({ instance }) => ({
      name: instance.name,
      kind: instance.kind,
      package: instance.package.name,
      version: instance.package.version,
    })),
    notifications: notifications?.map(({ name }) => name) ?? null,
    warnings,
  }
}

function tell(loaded: Composition, problems: readonly Problem[]): void {
  const { file, instances, notifications, warnings } = loaded
  line(file ?? 'no configuration: the preset of this installation')
  table(
    instances.map(({ instance }) => [instance.name, instance.kind, `${instance.package.name} ${instance.package.version}`]),
    '  ',
  )
  line(notifications ? `${notifications.length} notification rules` : 'no notification rules: every notifier gets every signal from low up')
  for (const warning of warnings) line(styled('yellow', 'warning'), warning)
  for (const { plugin, message } of problems) line(styled('red', 'wrong'), `${plugin}: ${message}`)
  if (problems.length === 0) line(styled('green', 'all right'))
}
