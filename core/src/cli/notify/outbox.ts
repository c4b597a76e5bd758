import type { Command } from 'commander'
import { type OutboxView, type OwedView, storedOutbox } from '../../delivery/control/outbox-view.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { durationText } from '../../notifications/duration.ts'
import { foldersOf } from '../compose.ts'
import { type FolderOptions, type FormatOption, formatOption, runDirOption, stateDirOption, withOptions } from '../options.ts'
import { json, line, styled, table } from '../output.ts'
import { when } from '../signal-rows.ts'
import { askOrRead } from './ask-or-read.ts'
import { destinationRow } from './texts.ts'

const EXAMPLES = `
Asks the agent that runs; where none runs, its state folder is read. Messages that were delivered are not kept.

Examples:
  sudo cws notify outbox
  sudo cws notify outbox --format json | jq -r '.dead[] | select(.followed_by == null and (.in_part | not)).key'    what was refused for good, and nothing followed`

export function outboxCommand(notify: Command): void {
  const command = notify
    .command('outbox')
    .summary('show what is owed, and what was refused for good')
    .description('Shows of each destination what is owed to it: why, how often it was tried, the last error, when it is tried next.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, stateDirOption(), runDirOption(), formatOption('human')).action(async (options: FolderOptions & FormatOption) => {
    const found = await askOrRead<OutboxView>(options, 'outbox', async () => storedOutbox)
    if (!found) throw new CwsError('CWS_ERR_NOT_RUNNING', `no agent answers, and there are no signals in ${foldersOf(options).state}`)
    if (options.format === 'json') json({ kind: 'outbox', ...found.body })
    else tell(found.body)
  })
}

function tell({ destinations, dead, dead_left_out: older }: OutboxView): void {
  if (destinations.length === 0) line('nothing is owed to anybody: there are no notifiers')
  for (const destination of destinations) {
    const { name, entries, left_out: more } = destination
    const [, ...how] = destinationRow(destination)
    table([[styled('bold', name), ...how]])
    const later = entries.filter(isLater)
    table(entries.filter((entry) => !isLater(entry)).map(entryRow), '  ')
    const [next] = later
    if (next) line(`  ${later.length} to be told again while nobody acknowledges, the first in ${durationText(next.due_in_ms)}`)
    if (more > 0) line(`  and ${more} more`)
  }
  if (dead.length === 0) return
  line(styled('bold', 'refused for good'))
  table(
    dead.map(({ key, at, reason, followed_by: next }) => [
      when(new Date(at).toISOString()),
      key,
      next === null ? reason : `${reason}; followed by ${next}`,
    ]),
    '  ',
  )
  if (older > 0) line(`  and ${older} older ones`)
}

/** Not owed yet: nobody has to do anything about it, and somebody may before. */
const isLater = ({ key, reason, due_in_ms: due }: OwedView): boolean =>
  key === null && due > 0 && (reason === 'repeat' || reason === 'escalated')

function entryRow({ key, signal, reason, attempt, state, last_error: error, due_in_ms: due }: OwedView): readonly string[] {
  const tries =
    attempt === 0 ? 'not tried' : `${attempt} ${attempt === 1 ? 'try' : 'tries'}${state === 'ambiguous' ? ', may have arrived' : ''}`
  return [key ?? signal, reason ?? 'due', tries, due > 0 ? `in ${durationText(due)}` : 'now', error ?? '']
}
