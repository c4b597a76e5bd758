import { type Command, InvalidArgumentError, Option } from 'commander'
import { wholeSignal } from '../../delivery/console/human.ts'
import { ask } from '../../delivery/control/control-client.ts'
import {
  acknowledgeSignals,
  archiveSignals,
  listSignals,
  MAX_SIGNALS,
  type ShownSignal,
  type SignalReader,
  showSignal,
  statuses,
} from '../../delivery/control/signal-queries.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { nearest } from '../../model/nearest.ts'
import { type Severity, severities } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import { foldersOf } from '../compose.ts'
import { conclusionView } from '../conclusion-view.ts'
import { evidenceView } from '../evidence-view.ts'
import { type FolderOptions, type FormatOption, formatOption, runDirOption, stateDirOption, withOptions } from '../options.ts'
import { type Cell, colored, json, line, rowWidth, styled, table } from '../output.ts'
import { signalRows, when } from '../signal-rows.ts'
import { whoAsks } from '../who-asks.ts'

interface ListOptions extends FolderOptions, FormatOption {
  readonly severity?: Severity
  readonly rule?: string
  readonly limit: number
  readonly status?: Signal['status']
  readonly all?: true
}
interface ShowOptions extends FolderOptions, FormatOption {}

/** What stands in a state folder is read by the same functions that answer in the agent. */
const QUERIES = {
  'signals.list': listSignals,
  'signals.show': showSignal,
} as const satisfies Readonly<Record<string, (reader: SignalReader, args: Readonly<Record<string, unknown>>) => unknown>>

/** What changes there, likewise. */
const CHANGES = { 'signals.archive': archiveSignals, 'signals.ack': acknowledgeSignals } as const

const EXAMPLES = `
Asks the agent that runs; where none runs, its state folder is read.

Examples:
  sudo cws signals list                              the newest 50
  sudo cws signals list --severity high              those that are high or critical
  sudo cws signals show 01KB6QRD4V5N0ZK3W8F2T9XHMC   one, whole: who did it, and what to do
  sudo cws signals ack 01KB6QRD4V5N0ZK3W8F2T9XHMC       looked at
  sudo cws signals archive 01KB6QRD4V5N0ZK3W8F2T9XHMC   done with`

const LIST_EXAMPLES = `
With --format json one signal a line, as \`cws run --format json\` tells it.

Examples:
  sudo cws signals list --severity medium --limit 10
  sudo cws signals list --rule shell-from-web-server
  sudo cws signals list --all                        archived ones as well
  sudo cws signals list --format json | jq -r .title`

const SHOW_EXAMPLES = `
\`cws signals list\` shows the ids. Of signals of medium severity and above it is kept what the processes around them did in
the minute before and the minute after (\`recorder\` in the configuration).

Examples:
  sudo cws signals show 01KB6QRD4V5N0ZK3W8F2T9XHMC
  sudo cws signals show 01KB6QRD4V5N0ZK3W8F2T9XHMC --format json | jq .event.process`

const ARCHIVE_EXAMPLES = `
The agent that runs is told; where none runs, its state folder is changed.

Examples:
  sudo cws signals archive 01KB6QRD4V5N0ZK3W8F2T9XHMC
  sudo cws signals list --rule noisy --format json | jq -r .id | xargs sudo cws signals archive`

const ACK_EXAMPLES = `
The agent that runs is told; where none runs, its state folder is changed.

Examples:
  sudo cws signals ack 01KB6QRD4V5N0ZK3W8F2T9XHMC
  sudo cws signals list --severity high --status open --format json | jq -r .id | xargs sudo cws signals ack`

export function signalsCommand(program: Command): void {
  const signals = program
    .command('signals')
    .summary('list the signals that are stored, show one, acknowledge or archive some')
    .description('Shows what the agent has found on this host.')
    .addHelpText('after', EXAMPLES)
  const list = signals.command('list').summary('list signals, newest first').description('Lists signals, newest first.')
  list.addHelpText('after', LIST_EXAMPLES)
  const severity = new Option('--severity <severity>', 'of this severity and above').choices(severities)
  const rule = new Option('--rule <id>', 'of this rule')
  const limit = new Option('--limit <count>', 'how many at most').argParser(limitOf).default(50)
  const status = new Option('--status <status>', 'of this status').choices(statuses).conflicts('all')
  const all = new Option('--all', 'archived ones as well')
  withOptions(list, severity, rule, status, all, limit, stateDirOption(), runDirOption(), formatOption('human')).action(listAll)
  const show = signals
    .command('show <id>')
    .summary('show one signal, whole')
    .description('Shows one signal: what happened, who did it, what to do.')
  show.addHelpText('after', SHOW_EXAMPLES)
  withOptions(show, stateDirOption(), runDirOption(), formatOption('human')).action(showOne)
  const ack = signals
    .command('ack <id...>')
    .summary('say that somebody looks at signals')
    .description(
      'Acknowledges signals: who was told of them hears of it, they are not told again, and nobody else is called. One that becomes more severe opens anew.',
    )
  ack.addHelpText('after', ACK_EXAMPLES)
  withOptions(ack, stateDirOption(), runDirOption(), formatOption('human')).action(judgeAll('signals.ack', 'acknowledged'))
  const archive = signals
    .command('archive <id...>')
    .summary('be done with signals')
    .description(
      'Archives signals: who was told of them hears of it, `list` shows them no more, and they are the first to leave a store that is full.',
    )
  archive.addHelpText('after', ARCHIVE_EXAMPLES)
  withOptions(archive, stateDirOption(), runDirOption(), formatOption('human')).action(judgeAll('signals.archive', 'archived'))
}

async function listAll({ severity, rule, limit, status, all, ...options }: ListOptions): Promise<void> {
  const args = {
    limit,
    ...(severity === undefined ? {} : { severity }),
    ...(rule === undefined ? {} : { rule }),
    ...(all ? { status: 'all' } : status === undefined ? {} : { status }),
  }
  const found = (await querySignals(options, 'signals.list', args)) as readonly Signal[]
  if (options.format === 'json') for (const signal of found) json({ kind: 'signal', ...signal })
  else if (found.length > 0) table(signalRows(found, rowWidth()))
  else line(rule === undefined ? 'no signals' : await noneOf(rule, options), ...(severity ? [`of severity ${severity} and above`] : []))
}

/** Names the rule that was perhaps meant, among those that have signals. */
async function noneOf(rule: string, options: FolderOptions): Promise<string> {
  const all = (await querySignals(options, 'signals.list', { limit: MAX_SIGNALS })) as readonly Signal[]
  const rules = new Set(all.map((signal) => signal.rule.id))
  const guess = rules.has(rule) ? undefined : (nearest(rule, rules) ?? [...rules].find((id) => id.startsWith(rule)))
  return `no signals of rule "${rule}"${guess ? `; did you mean "${guess}"?` : ''}`
}

async function showOne(id: string, options: ShowOptions): Promise<void> {
  const signal = (await querySignals(options, 'signals.show', { id })) as ShownSignal
  if (options.format === 'json') {
    json({ kind: 'signal', ...signal })
    return
  }
  process.stdout.write(`${wholeSignal(signal, colored())}\n\n`)
  table(detailRows(signal), '  ')
  if (signal.findings?.length) process.stdout.write(`\n${conclusionView(signal.findings, rowWidth())}\n`)
  if (signal.evidence) process.stdout.write(`\n${evidenceView(signal, signal.evidence, rowWidth())}\n`)
}

function judgeAll(what: keyof typeof CHANGES, done: string) {
  return async (ids: readonly string[], options: ShowOptions): Promise<void> => {
    const judged = (await change(options, what, { ids, by: whoAsks() })) as readonly string[]
    if (options.format === 'json') json({ kind: done, ids: judged })
    else line(judged.length === 1 ? `${done} ${judged[0]}` : `${done} ${judged.length} signals`)
  }
}

function detailRows({
  id,
  revision,
  status,
  host,
  first_seen,
  last_seen,
  count,
  group,
  folded,
  truncated,
}: Signal): readonly (readonly Cell[])[] {
  const rows: (readonly [string, string])[] = [
    ['id', id],
    ['status', `${status}, revision ${revision}`],
    ['host', host.name],
    ['first seen', `${when(first_seen)}  ${first_seen}`],
    ['last seen', `${when(last_seen)}  ${last_seen}`],
    ['count', `${count}${folded ? ', folded: the rule had too many signals at once' : ''}`],
    ...Object.entries(group).map(
      ([field, value]) => [field, typeof value === 'string' && value !== '' ? value : JSON.stringify(value)] as const,
    ),
  ]
  if (truncated) rows.push(['truncated', 'values that were too long are cut; cut texts end with …(+n)'])
  return rows.map(([name, value]) => [styled('dim', name), value])
}

/** Tells the agent; changes its files where none answers. @throws CwsError CWS_ERR_NOT_RUNNING if there is neither */
async function change(options: FolderOptions, what: keyof typeof CHANGES, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { run, state } = foldersOf(options)
  try {
    return await ask(run, what, args)
  } catch (error) {
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING')) throw error
    const { changeStoredSignals } = await import('../../delivery/store/stored-signals.ts')
    const found = changeStoredSignals(state, (judge, log) => CHANGES[what](judge, args, log))
    if (found === undefined) throw error
    return found
  }
}

/** Asks the agent; reads its files where none answers. @throws CwsError CWS_ERR_NOT_RUNNING if there is neither */
export async function querySignals(
  options: FolderOptions,
  what: keyof typeof QUERIES,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { run, state } = foldersOf(options)
  try {
    return await ask(run, what, args)
  } catch (error) {
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING')) throw error
    const { withStoredSignals } = await import('../../delivery/store/stored-signals.ts')
    const found = withStoredSignals(state, (reader) => QUERIES[what](reader, args))
    if (found === undefined) throw error
    return found
  }
}

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MAX_SIGNALS) throw new InvalidArgumentError(`a number from 1 to ${MAX_SIGNALS}`)
  return limit
}
