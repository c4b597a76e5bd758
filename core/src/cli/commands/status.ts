import type { Command } from 'commander'
import type { AgentStatus } from '../../agent/status.ts'
import { ask } from '../../delivery/control/control-client.ts'
import { viewOf } from '../../delivery/control/destination-view.ts'
import { foldersOf } from '../compose.ts'
import { destinationRow, errorText, heartbeatRow } from '../notify/texts.ts'
import { type FolderOptions, type FormatOption, formatOption, runDirOption, withOptions } from '../options.ts'
import { json, line, styled, table } from '../output.ts'
import { sensorRows } from '../sensor-rows.ts'

const EXAMPLES = `
Per event type: seen + filtered + coalesced + lost is what happened on the host. undecided: a condition met a field that nobody knows.

Examples:
  cws status
  cws status --format json | jq .events.exec`

export function statusCommand(program: Command): void {
  const command = program
    .command('status')
    .summary('show the counters of the agent that runs')
    .description('Asks the agent that runs: its sensors, counters by event type and stage, destinations.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, runDirOption(), formatOption('human')).action(async (options: FolderOptions & FormatOption) => {
    const status = (await ask(foldersOf(options).run, 'status')) as AgentStatus
    if (options.format === 'json') json(status)
    else tell(status)
  })
}

function tell(status: AgentStatus): void {
  const {
    state,
    pid,
    version,
    uptime_s: uptime,
    rss_mb: rss,
    config,
    reloads,
    sensors,
    plugins,
    events,
    stages,
    recorder,
    faults,
    delivery,
  } = status
  line(
    styled(state === 'ready' ? 'green' : 'yellow', state),
    `pid ${pid}, version ${version}, up ${duration(uptime)}, ${rss} MB, ${config ?? 'preset'}`,
  )
  if (reloads.last_error !== null)
    line(
      styled('red', 'the configuration as it is now was not taken, the one before works on:'),
      errorText(reloads.last_error, reloads.last_error_at),
    )
  section('sensors')
  table(sensorRows(sensors), '  ')
  table(figureRows(sensors), '  ')
  section('plugins')
  table(
    plugins.map(({ name, state: its, detail }) => [
      styled('bold', name),
      its === 'ok' ? styled('green', its) : styled(its === 'failed' ? 'red' : 'yellow', its),
      `${faults[name] ?? 0} faults`,
      detail ?? '',
    ]),
    '  ',
  )
  section('events')
  table(eventRows(events), '  ')
  section('stages')
  table(
    Object.entries(stages).map(([name, count]) => [name.replaceAll('_', ' '), String(count)]),
    '  ',
  )
  section('flight recorder')
  table(
    Object.entries(recorder).map(([name, count]) => [name.replaceAll('_', ' '), String(count)]),
    '  ',
  )
  if (!delivery) return
  section('delivery')
  table(
    [
      ['signals', `${delivery.signals}, ${delivery.stored} stored${delivery.storeError ? `; the store: ${delivery.storeError}` : ''}`],
      ...(delivery.restarts > 0
        ? [
            [
              'delivery threads replaced',
              `${delivery.restarts}, ${delivery.signalsDropped} signals lost; last: ${delivery.restartReason ?? ''}`,
            ],
          ]
        : []),
      ['events dropped at the output', String(delivery.eventsDropped)],
    ],
    '  ',
  )
  table(
    [
      ...Object.entries(delivery.destinations).map(([name, counters]) => destinationRow(viewOf(name, counters))),
      ...(delivery.heartbeat ? [heartbeatRow(delivery.heartbeat)] : []),
    ],
    '  ',
  )
}

const section = (name: string): void => line(styled('bold', name))

/** What sensors count of themselves: `process table bytes`. */
function figureRows(sensors: AgentStatus['sensors']): readonly (readonly string[])[] {
  return sensors.flatMap(({ sensor, figures }) =>
    Object.entries(figures).map(([name, value]) => [`${sensor} ${name.replace(/_total$/, '').replaceAll('_', ' ')}`, String(value)]),
  )
}

function eventRows(events: AgentStatus['events']): readonly (readonly string[])[] {
  const columns = ['seen', 'filtered', 'coalesced', 'lost', 'undecided'] as const
  const rows = Object.entries(events).map(([type, counts]) => [type, ...columns.map((column) => String(counts[column])), ''])
  return [['', ...columns, ''], ...rows]
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const clock = [seconds / 3600, seconds / 60, seconds]
    .map((part, index) => String(Math.floor(part) % (index === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':')
  return days > 0 ? `${days}d ${clock}` : clock
}
