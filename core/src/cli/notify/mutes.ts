import { type Command, InvalidArgumentError, Option } from 'commander'
import { ask } from '../../delivery/control/control-client.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { durationText } from '../../notifications/duration.ts'
import type { MuteView } from '../../notifications/mute-view.ts'
import { foldersOf } from '../compose.ts'
import { type FolderOptions, type FormatOption, formatOption, runDirOption, stateDirOption, withOptions } from '../options.ts'
import { json, line, styled } from '../output.ts'
import { when as timeText } from '../signal-rows.ts'
import { whoAsks } from '../who-asks.ts'

const MUTE_EXAMPLES = `
Signals that the condition holds for are found and stored as always, and nobody is told of them. Critical ones are told all the same, unless
--include-critical is given; so are destinations that are told every revision, as archives are. \`cws notify list\` counts what is muted. At the end those who
had been told of a signal before hear how it went on; what opened in the meantime is told once it grows.

Those from whom it keeps something severe are told, and all at its end. The agent that runs is told; where none runs, its state folder is changed.

Examples:
  sudo cws notify mute --rule package-changed --for 2h --reason "upgrading"
  sudo cws notify mute --when 'severity <= medium && "pci" in tags' --for 7d --reason "ticket 4711"`

const UNMUTE_EXAMPLES = `
Examples:
  sudo cws notify unmute 3    its number, as \`cws notify list\` shows it`

interface MuteOptions extends FolderOptions, FormatOption {
  readonly rule?: string
  readonly when?: string
  readonly for?: string
  readonly forever?: true
  readonly reason: string
  readonly includeCritical?: true
}

export function muteCommand(notify: Command): void {
  const command = notify
    .command('mute')
    .summary('tell nobody of some signals for a while')
    .description('Tells nobody of signals that a condition holds for, until a time.')
    .addHelpText('after', MUTE_EXAMPLES)
  withOptions(
    command,
    new Option('--rule <id>', 'signals of this rule').conflicts('when'),
    new Option('--when <condition>', 'signals that this holds for, as `when` of a notification rule'),
    new Option('--for <duration>', 'how long, at most 30d: 30m, 2h, 7d').conflicts('forever'),
    new Option('--forever', 'without an end; needs root'),
    new Option('--reason <text>', 'for who wonders later').makeOptionMandatory(),
    new Option('--include-critical', 'critical ones too; needs root'),
    stateDirOption(),
    runDirOption(),
    formatOption('human'),
  ).action(async ({ rule, when, for: duration, forever, reason, includeCritical, ...options }: MuteOptions) => {
    const condition = rule === undefined ? when : `rule.id == ${JSON.stringify(rule)}`
    const args = { when: condition, duration, forever, reason, critical: includeCritical, by: whoAsks() }
    const { mute, warnings } = (await change(options, 'notify.mute', args)) as { mute: MuteView; warnings: readonly string[] }
    if (options.format === 'json') json({ kind: 'mute', ...mute, warnings })
    else {
      for (const warning of warnings) line(styled('yellow', 'warning'), warning)
      tellMute(mute)
    }
  })
}

export function unmuteCommand(notify: Command): void {
  const command = notify
    .command('unmute')
    .summary('end a mute before its time')
    .description('Ends a mute before its time.')
    .argument('<number>', 'of the mute', numberOf)
    .addHelpText('after', UNMUTE_EXAMPLES)
  withOptions(command, stateDirOption(), runDirOption(), formatOption('human')).action(
    async (id: number, options: FolderOptions & FormatOption) => {
      const { mute } = (await change(options, 'notify.unmute', { id, by: whoAsks() })) as { mute: MuteView }
      if (options.format === 'json') json({ kind: 'mute', ...mute })
      else tellMute(mute)
    },
  )
}

/** Two lines: what it is, and why. */
export function tellMute({ id, when, until, ended, reason, by, muted, critical, problem }: MuteView): void {
  const left = until === null ? 'without an end' : `until ${timeText(until)}, ${durationText(Date.parse(until) - Date.now())} left`
  const state = ended === null ? left : `ended ${timeText(ended)}`
  line(
    `  ${id}`,
    when,
    styled('dim', `${critical ? 'critical ones too; ' : ''}${state}; ${muted} ${muted === 1 ? 'signal' : 'signals'} muted`),
  )
  line(`      ${by}: ${reason}`)
  if (problem !== null) line('     ', styled('red', `mutes nothing: ${problem}`))
}

/** Tells the agent; changes its files where none answers. @throws CwsError CWS_ERR_NOT_RUNNING if there is neither */
async function change(
  options: FolderOptions,
  what: 'notify.mute' | 'notify.unmute',
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { run, state } = foldersOf(options)
  try {
    return await ask(run, what, args)
  } catch (error) {
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING')) throw error
    const [{ changeStoredSignals }, { Mutes }] = await Promise.all([
      import('../../delivery/store/stored-signals.ts'),
      import('../../delivery/rules/mutes.ts'),
    ])
    const found = changeStoredSignals(state, (store, log) => {
      const mutes = new Mutes(store, log)
      const by = String(args['by'])
      return what === 'notify.mute' ? mutes.add(args, by) : { mute: mutes.remove(args, by) }
    })
    if (found === undefined) throw error
    return found
  }
}

function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('the number of a mute, as `cws notify list` shows it')
  return Number(text)
}
