import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AgentStatus } from '../../agent/status.ts'
import type { NotifyList } from '../../delivery/control/notify-list.ts'
import { MAX_SIGNALS } from '../../delivery/control/signal-queries.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { nearest } from '../../model/nearest.ts'
import type { Edit } from '../../notifications/patch.ts'
import type { Signal } from '../../signals/signal.ts'
import { askIfRunning } from '../ask.ts'
import { querySignals } from '../commands/signals.ts'
import { foldersOf } from '../compose.ts'
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
import { json, line, rowWidth, styled } from '../output.ts'
import { when } from '../signal-rows.ts'
import { askOrRead } from './ask-or-read.ts'
import { deliveryRules } from './rules.ts'

const EXAMPLES = `
Signals come from the agent that runs or from its state folder; rules from its configuration as the file has it now, with what was changed of
them. Another file can be tried before it is used. Signals are judged as they are now, archived ones too; that they were told before, waits,
repeats and mutes are not looked at. Destinations have one rule each, the first that holds.

Examples:
  sudo cws notify preview                                  the newest 20 signals
  sudo cws notify preview "Tell the team" --last 200       those that this rule has the word on
  sudo cws notify preview -c ./cws.config.ts               with other rules
  sudo cws notify preview --format json | jq -r '[.rule, .signal.title] | @tsv'`

interface Options extends ConfigOption, FolderOptions, FormatOption {
  readonly last: number
}

export function previewCommand(notify: Command, distribution: Distribution): void {
  const command = notify
    .command('preview [rule]')
    .summary('show which stored signals would be told to whom, in which words')
    .description('Shows which stored signals a notification rule would have told to whom, with the message as plain text. Sends nothing.')
    .addHelpText('after', EXAMPLES)
  const last = new Option('--last <count>', 'how many of the newest signals are looked at').argParser(countOf).default(20)
  withOptions(command, last, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(
    async (rule: string | undefined, options: Options) => show(rule, options, distribution),
  )
}

async function show(rule: string | undefined, options: Options, distribution: Distribution): Promise<void> {
  const [{ effectiveRules }, { preview }, { silent }] = await Promise.all([
    import('../../delivery/rules/rule-book.ts'),
    import('../../delivery/rules/preview.ts'),
    import('../../delivery/store/stored-signals.ts'),
  ])
  const written = await deliveryRules(await configAtWork(options), distribution)
  const { routes, rules: known } = effectiveRules(written, await editsOf(options))
  const names = known?.map(({ name }) => name) ?? []
  if (rule !== undefined && !names.includes(rule)) throw unknownRule(rule, names)
  const rules = { ...written, routes }
  const signals = (await querySignals(options, 'signals.list', { limit: options.last, status: 'all' })) as readonly Signal[]
  const width = options.format === 'json' ? undefined : Math.max(40, (rowWidth() ?? 100) - INDENT.length)
  const found = (await preview(signals, rules, silent, width)).filter((each) => rule === undefined || each.rule === rule)
  if (options.format === 'json') {
    for (const each of found) json({ kind: 'preview', ...each })
    return
  }
  for (const { signal, rule: by, to, message, problem } of found) {
    line(when(signal.last_seen), styled('bold', signal.title), styled('dim', signal.id))
    line(INDENT, styled('dim', `${by === null ? 'no rules' : by} → ${to.join(', ')}`))
    if (problem !== null) line(INDENT, styled('red', problem))
    for (const row of message.split('\n')) line(INDENT, row)
    line('')
  }
  if (rules.destinations.length === 0)
    return line('nobody would be told: the configuration (the preset where none was found; -c names one) has no notifier')
  const told = new Set(found.map(({ signal }) => signal.id)).size
  line(
    `${told} of the newest ${signals.length} ${signals.length === 1 ? 'signal' : 'signals'} would be told${rule === undefined ? '' : ` by "${rule}"`}`,
  )
}

/** What the options name; else the file of the agent that runs, which may not be where it is looked for without one. */
async function configAtWork(options: Options): Promise<ConfigOption> {
  if (options.config !== undefined) return options
  const status = (await askIfRunning(foldersOf(options).run, 'status')) as AgentStatus | undefined
  return status?.config ? { config: status.config } : {}
}

/** What was changed of rules, as the agent that runs has it, or its state folder. */
async function editsOf(options: FolderOptions): Promise<readonly Edit[]> {
  const found = await askOrRead<NotifyList | readonly Edit[]>(options, 'notify.list', async () => {
    const { storedEdits } = await import('../../delivery/rules/rule-book.ts')
    return ({ database }) => storedEdits(database)
  })
  if (found?.from !== 'agent') return (found?.body ?? []) as readonly Edit[]
  return ((found.body as NotifyList).rules ?? []).flatMap(({ name, edits }) => edits.map((edit) => ({ ...edit, rule: name })))
}

const INDENT = '   '

function unknownRule(rule: string, names: readonly string[]): CwsError {
  const guess = nearest(rule, names)
  return new CwsError('CWS_ERR_USAGE', `there is no notification rule "${rule}"${guess ? `; did you mean "${guess}"?` : ''}`, {
    hint: names.length > 0 ? `there are: ${names.join(', ')}` : 'the configuration has none',
  })
}

function countOf(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MAX_SIGNALS) throw new InvalidArgumentError(`a number from 1 to ${MAX_SIGNALS}`)
  return count
}
