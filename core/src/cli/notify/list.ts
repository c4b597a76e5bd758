import type { Command } from 'commander'
import { viewOfStopped } from '../../delivery/control/destination-view.ts'
import type { NotifyList } from '../../delivery/control/notify-list.ts'
import { storedDestinations } from '../../delivery/control/outbox-view.ts'
import type { Edit } from '../../notifications/patch.ts'
import type { RuleView } from '../../notifications/rule-view.ts'
import type { Distribution } from '../distribution.ts'
import {
  type ConfigOption,
  configOption,
  type FolderOptions,
  type FormatOption,
  formatOption,
  runDirOption,
  stateDirOption,
  withOptions,
} from '../options.ts'
import { json, line, styled, table } from '../output.ts'
import { askOrRead } from './ask-or-read.ts'
import { tellMute } from './mutes.ts'
import { deliveryRules } from './rules.ts'
import { destinationRow, heartbeatRow } from './texts.ts'

const EXAMPLES = `
Asks the agent that runs; where none runs, the configuration and its state folder are read.

Examples:
  sudo cws notify list
  sudo cws notify list --format json | jq -r '.destinations[] | select(.state != "ok" or .failed > 0).name'`

/** What a state folder holds. */
type Stored = Pick<NotifyList, 'destinations' | 'mutes'> & { readonly edits: readonly Edit[] }
type Options = ConfigOption & FolderOptions & FormatOption

export function listCommand(notify: Command, distribution: Distribution): void {
  const command = notify
    .command('list')
    .summary('show rules, destinations and mutes')
    .description('Shows the notification rules, the destinations and how they are, and what is muted.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(async (options: Options) => {
    const list = await listOf(options, distribution)
    if (options.format === 'json') json({ kind: 'notifications', ...list })
    else tell(list)
  })
}

/** From the agent; where none runs, what the configuration and the state folder say. */
export async function listOf(options: Options, distribution: Distribution): Promise<NotifyList> {
  const found = await askOrRead<NotifyList | Stored>(options, 'notify.list', async () => {
    const [{ storedMutes }, { storedEdits }] = await Promise.all([
      import('../../delivery/rules/mute-rows.ts'),
      import('../../delivery/rules/rule-book.ts'),
    ])
    return (tables) => ({
      destinations: storedDestinations(tables),
      mutes: storedMutes(tables.database),
      edits: storedEdits(tables.database),
    })
  })
  if (found?.from === 'agent') return found.body as NotifyList
  const [{ effectiveRules, viewsOf }, rules] = await Promise.all([
    import('../../delivery/rules/rule-book.ts'),
    deliveryRules(options, distribution),
  ])
  const notifiers = rules.destinations.map(({ name }) => name)
  const { destinations, mutes, edits } = (found?.body ?? { destinations: [], mutes: [], edits: [] }) as Stored
  const untold = { pending: 0, last_error: null, last_error_at: null }
  const listed = notifiers.map((name) => destinations.find((each) => each.name === name) ?? viewOfStopped(name, untold))
  const absent = destinations.filter(({ name, pending }) => pending > 0 && !notifiers.includes(name))
  return { rules: viewsOf(effectiveRules(rules, edits)), destinations: [...listed, ...absent], heartbeat: null, mutes }
}

function tell({ rules, destinations, heartbeat, mutes }: NotifyList): void {
  line(styled('bold', 'rules'))
  if (rules === null) line('  none: every notifier is told of every signal from low up')
  else if (rules.length === 0) line('  an empty list: nobody is told')
  else for (const rule of rules) tellRule(rule)
  line(styled('bold', 'destinations'))
  if (destinations.length === 0) line('  none: there are no notifiers among the plugins')
  table([...destinations.map(destinationRow), ...(heartbeat ? [heartbeatRow(heartbeat)] : [])], '  ')
  if (mutes.length === 0) return
  line(styled('bold', 'mutes'))
  for (const mute of mutes) tellMute(mute)
}

/** Two lines: where it goes, and what for. */
export function tellRule({
  name,
  when,
  to,
  wait,
  update,
  repeat,
  quiet,
  escalate,
  enabled,
  message,
  origin,
  edits,
  problem,
}: RuleView): void {
  const times = Object.entries({ wait, update, repeat }).flatMap(([key, value]) => (value === null ? [] : [`${key} ${value}`]))
  const isOff = origin === 'deleted' || origin === 'orphaned'
  const conflict = edits.some((edit) => edit.is_conflict) ? ['in conflict with the configuration: see `cws notify diff`'] : []
  const notes = [...(origin === 'config' ? [] : [origin]), ...(enabled || isOff ? [] : ['disabled']), ...conflict]
  const hours =
    quiet === null
      ? []
      : [`quiet from ${quiet.from} to ${quiet.to} ${quiet.zone}${quiet.except === undefined ? '' : ` except ${quiet.except} and above`}`]
  const steps = (escalate ?? []).map(({ after, to: whom }) => `after ${after} ${[whom].flat().join(', ')}`)
  const further = [...times, ...hours, ...steps, ...(message === null ? [] : ['words of its own'])]
  line(
    `  ${name}`,
    styled('dim', `→ ${to.join(', ')}${further.length > 0 ? `; ${further.join(', ')}` : ''}`),
    styled('yellow', notes.length > 0 ? `(${notes.join(', ')})` : ''),
  )
  line(`      ${when ?? 'all signals'}`)
  if (problem !== null) line('     ', styled('red', problem))
}
