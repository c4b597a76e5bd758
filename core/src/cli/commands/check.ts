import type { Command } from 'commander'
import type { Composition } from '../../config/load-composition.ts'
import type { Logger } from '../../plugin/logger.ts'
import { composition, lookingRuntime, type Workbench, workbenchOf } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { type ConfigOption, configOption, type FormatOption, formatOption, withOptions } from '../options.ts'
import { type Cell, json, line, styled, table } from '../output.ts'

/** What a plugin said while it was set up. */
interface Remark {
  readonly plugin: string
  readonly message: string
  /** The excerpt that it is about. */
  readonly frame: string | null
}

interface Remarks {
  /** Why a plugin did not come through its set-up whole: it failed, or refused a rule. */
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
  /** What is right, and may surprise. */
  readonly notes: readonly Omit<Remark, 'frame'>[]
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
    const loaded = await composition(options, distribution, { usesSecrets: true })
    const remarks = await setUp(loaded, () => composition(options, distribution, { presetOnly: true }))
    const { problems } = remarks
    if (options.format === 'json') json({ ok: problems.length === 0, ...summary(loaded, remarks), problems })
    else tell(loaded, remarks)
    if (problems.length > 0) process.exitCode = 2
  })
}

async function setUp(composed: Composition, presetOf: () => Promise<Composition>): Promise<Remarks> {
  const told: (Remark & { readonly level: 'warn' | 'error' })[] = []
  const runtime = await lookingRuntime(composed, (plugin) =>
    listener((level, message, frame) => told.push({ level, plugin, message, frame })),
  )
  await runtime.setup()
  await using bench = await workbenchOf(composed, runtime, presetOf)
  const reports = runtime.pluginReports()
  const of = (level: string) => told.filter((it) => it.level === level).map(({ plugin, message, frame }) => ({ plugin, message, frame }))
  const problems = of('error')
  // A plugin that is not well and gave no reason has at least its state.
  for (const { name, state, detail } of reports)
    if (state !== 'ok' && !problems.some(({ plugin }) => plugin === name))
      problems.push({ plugin: name, message: detail ?? state, frame: null })
  return { problems, warnings: of('warn'), notes: await notesOf(bench) }
}

/** Each plugin is asked once. */
async function notesOf(bench: Workbench): Promise<Remarks['notes']> {
  const notes: Omit<Remark, 'frame'>[] = []
  const asked = new Set<unknown>()
  for (const { instance } of bench.composition.instances) {
    const { check } = instance.definition
    if (check === undefined || asked.has(check)) continue
    asked.add(check)
    for (const message of await (await check.load()).notes(bench)) notes.push({ plugin: instance.name, message })
  }
  return notes
}

/** A logger that hands on what a person should hear of. */
function listener(tell: (level: 'warn' | 'error', message: string, frame: string | null) => void): Logger {
  const hear = (level: 'warn' | 'error') => (details: object | string, message?: string) =>
    typeof details === 'string'
      ? tell(level, details, null)
      : tell(level, message ?? JSON.stringify(details), (details as { frame?: string }).frame ?? null)
  return { debug: () => {}, info: () => {}, warn: hear('warn'), error: hear('error') }
}

function summary({ file, instances, notifications, heartbeat, warnings }: Composition, remarks: Remarks): Record<string, unknown> {
  return {
    config: file ?? null,
    plugins: instances.map(({ instance }) => ({
      name: instance.name,
      kind: instance.kind,
      package: instance.package.name,
      version: instance.package.version,
    })),
    notifications: notifications?.map(({ name }) => name) ?? null,
    heartbeat: heartbeat ? { every: heartbeat.every, tolerate: heartbeat.tolerate } : null,
    warnings: [...warnings, ...remarks.warnings.map(({ plugin, message }) => `${plugin}: ${message}`)],
    notes: remarks.notes.map(({ plugin, message }) => `${plugin}: ${message}`),
  }
}

function tell({ file, instances, notifications, heartbeat, warnings }: Composition, remarks: Remarks): void {
  line(file ?? 'no configuration: the preset of this installation')
  table(
    instances.map(({ instance }) => [instance.name, instance.kind, `${instance.package.name} ${instance.package.version}`]),
    '  ',
  )
  const notifiers = instances.some(({ instance }) => instance.kind === 'notifier')
  if (notifications) line(`${notifications.length} notification rule${notifications.length === 1 ? '' : 's'}`)
  else if (notifiers) line('no notification rules: every notifier gets every signal from low up')
  else line('no notifiers: signals are told on stdout and stored')
  if (heartbeat) line(`a heartbeat every ${heartbeat.every}, withheld when a destination fails for longer than ${heartbeat.tolerate}`)
  for (const warning of warnings) line(styled('yellow', 'warning'), warning)
  for (const warning of remarks.warnings) remark(styled('yellow', 'warning'), warning)
  for (const note of remarks.notes) remark(styled('cyan', 'note'), { ...note, frame: null })
  for (const problem of remarks.problems) remark(styled('red', 'wrong'), problem)
  if (remarks.problems.length === 0) line(styled('green', 'all right'))
}

function remark(tag: Cell, { plugin, message, frame }: Remark): void {
  line(tag, `${plugin}: ${message}`)
  for (const row of frame?.split('\n') ?? []) line(`    ${row}`)
}
