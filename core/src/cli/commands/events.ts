import { type Command, Option } from 'commander'
import type { Runtime } from '../../agent/runtime.ts'
import { composition, loggerFor, lookingRuntime } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { eventText } from '../event-text.ts'
import {
  type ConfigOption,
  configOption,
  type FormatOption,
  formatOption,
  type LogOption,
  logLevelOption,
  typeList,
  withOptions,
} from '../options.ts'

interface EventsOptions extends ConfigOption, FormatOption, LogOption {
  readonly types?: readonly string[]
}

/** What may wait for a slow reader; more is dropped and counted. */
const MAX_WAITING = 16 * 1024 * 1024

const EXAMPLES = `
Attaches sensors of its own, beside an agent that may run. Nothing is stored or sent.

Examples:
  sudo cws events                                      everything the sensors feed
  sudo cws events 'exec.file.path =~ "/tmp/**"'        what fits a condition
  sudo cws events --types exec,exit --format json      one JSON object a line`

export function eventsCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('events [condition]')
    .summary('show live events')
    .description(
      'Shows events as they happen, all or those that fit a condition of the rule language. `cws fields` lists what conditions can use.',
    )
    .addHelpText('after', EXAMPLES)
  const types = new Option('--types <types>', 'only these event types: exec,exit').argParser(typeList)
  withOptions(command, types, configOption(), formatOption('human on a terminal, else json'), logLevelOption()).action(
    (condition: string | undefined, options: EventsOptions) => showEvents(condition, options, distribution),
  )
}

async function showEvents(condition: string | undefined, options: EventsOptions, distribution: Distribution): Promise<void> {
  await distribution.harden?.()
  const human = (options.format ?? (process.stdout.isTTY ? 'human' : 'json')) === 'human'
  const logger = await loggerFor(options.logLevel ?? 'warn', process.stderr.isTTY === true)
  const composed = await composition(options, distribution)
  const { tapEventLines } = await import('../../agent/event-lines.ts')
  const runtime = await lookingRuntime(composed, logger.logFor)
  let dropped = 0
  let flush = () => {}
  const write = (lines: string, count: number) => {
    if (process.stdout.writableLength > MAX_WAITING) dropped += count
    else process.stdout.write(human ? lines.split('\n').map(eventText).join('') : `${lines}\n`)
  }
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  try {
    await runtime.setup()
    const fed = [...new Set(runtime.sensors.flatMap((sensor) => sensor.definition.feeds as readonly string[]))]
    const selection = { ...(options.types ? { types: options.types } : {}), ...(condition === undefined ? {} : { where: condition }) }
    const log = logger.logFor('events')
    flush = tapEventLines(runtime.engine, runtime.selfTests, fed, selection, { post: write, warn: (warning) => log.warn(warning) })
    await runtime.startSensors()
    if (human) process.stderr.write(watching(runtime.sensors, options.types ?? fed))
    await stopped
  } finally {
    await runtime.stop()
    flush()
    if (dropped > 0) logger.logFor('events').warn(`${dropped} events were dropped: the reader was too slow`)
    logger.flush()
  }
}

function watching(sensors: Runtime['sensors'], types: readonly string[]): string {
  const running = sensors.flatMap(({ definition, running }) => (running === undefined ? [] : [`${definition.sensor}: ${running}`]))
  return `watching ${types.join(', ')} (sensors ${running.join(', ')}); Ctrl-C ends\n`
}
