import { type Command, InvalidArgumentError, Option } from 'commander'
import { composition, loggerFor, lookingRuntime } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { type ConfigOption, configOption, type LogOption, logLevelOption, typeList, withOptions } from '../options.ts'

interface RecordOptions extends ConfigOption, LogOption {
  readonly out: string
  readonly types?: readonly string[]
  readonly for?: number
  readonly maxSize: number
}

const MIB = 1024 * 1024
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, K: 1024, M: MIB, G: 1024 * MIB }
/** The longest that a timer can wait, ms. */
const MAX_MS = 24 * 3_600_000

const EXAMPLES = `
Attaches sensors of its own, beside an agent that may run. Ctrl-C ends it; so do --for and --max-size. What would be hidden
from signals (secrets in arguments) is hidden in the file, too. Opens are seen of files that the rules of the configuration
are interested in.

Examples:
  sudo cws record --out incident.cws                                  everything the sensors feed, until Ctrl-C
  sudo cws record 'process.uid == 33' --out web.cws --for 5m          what fits a condition, for five minutes
  sudo cws record --types exec,exit --out quiet.cws --max-size 10M
  cws replay incident.cws                                             what the rules say of it`

export function recordCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('record [condition]')
    .summary('write live events to a file, for cws replay')
    .description(
      'Records events as they happen, all or those that fit a condition of the rule language, in a new file that only its owner can read.',
    )
    .addHelpText('after', EXAMPLES)
  const out = new Option('-o, --out <file>', 'the file; it must not be there').makeOptionMandatory()
  const types = new Option('--types <types>', 'only these event types: exec,exit').argParser(typeList)
  const time = new Option('--for <time>', 'how long: 90s, 5m, 1h').argParser((text) => amount(text, 'smh', MAX_MS))
  const size = new Option('--max-size <size>', 'of the file, at most: 10M, 1G')
    .argParser((text) => amount(text, 'KMG', Number.MAX_SAFE_INTEGER))
    .default(256 * MIB, '256M')
  withOptions(command, out, types, time, size, configOption(), logLevelOption()).action(
    (condition: string | undefined, options: RecordOptions) => record(condition, options, distribution),
  )
}

async function record(condition: string | undefined, options: RecordOptions, distribution: Distribution): Promise<void> {
  await distribution.harden?.()
  const logger = await loggerFor(options.logLevel ?? 'warn', process.stderr.isTTY === true)
  const log = logger.logFor('record')
  const [{ tapEventLines }, { RecordingWriter }, { headOf }, { Encoder }] = await Promise.all([
    import('../../agent/event-lines.ts'),
    import('../../recording/writer.ts'),
    import('../../recording/head.ts'),
    import('../../recording/encoder.ts'),
  ])
  const runtime = await lookingRuntime(await composition(options, distribution), logger.logFor)
  let stop = (_why: string) => {}
  const stopped = new Promise<string>((resolve) => {
    stop = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop('stopped'))
  let failure: Error | undefined
  const writer = new RecordingWriter({
    path: options.out,
    head: headOf(distribution.version),
    maxBytes: options.maxSize,
    onEnd: (reason) => {
      if (reason !== 'full') failure = reason
      stop(reason === 'full' ? 'the file is as large as it may be' : `cannot write: ${reason.message}`)
    },
  })
  const encoder = new Encoder()
  let flush = () => {}
  let timer: NodeJS.Timeout | undefined
  try {
    await runtime.setup()
    const fed = [...new Set(runtime.sensors.flatMap((sensor) => sensor.definition.feeds as readonly string[]))]
    const selection = { ...(options.types ? { types: options.types } : {}), ...(condition === undefined ? {} : { where: condition }) }
    flush = tapEventLines(runtime.engine, runtime.selfTests, fed, selection, {
      lineOf: (event) => encoder.lines(event),
      post: (lines, count) => {
        if (!writer.write(lines, count)) encoder.reset()
      },
      warn: (warning) => log.warn(warning),
    })
    await runtime.startSensors()
    process.stderr.write(`recording ${(options.types ?? fed).join(', ')} to ${options.out}; Ctrl-C ends\n`)
    if (options.for !== undefined) timer = setTimeout(() => stop('the time is over'), options.for)
    const why = await stopped
    await runtime.stop()
    flush()
    await writer.close()
    process.stderr.write(`${why}: ${writer.events} events, ${writer.bytes} bytes\n`)
  } catch (error) {
    await runtime.stop()
    await writer.close()
    throw error
  } finally {
    clearTimeout(timer)
    if (writer.dropped > 0) log.warn(`${writer.dropped} events were not recorded: they came faster than they could be written`)
    if (encoder.cut > 0) log.warn(`of ${encoder.cut} events a part was too long and is left out`)
    logger.flush()
  }
  if (failure) throw failure
}

/** `5m` or `10M`: a number and one of the units. */
function amount(text: string, units: string, most: number): number {
  const match = new RegExp(`^(\\d{1,9})([${units}])$`).exec(text)
  const value = match ? Number(match[1]) * (UNITS[match[2] as string] as number) : 0
  if (value < 1 || value > most) throw new InvalidArgumentError(`a number and one of ${[...units].join(', ')}`)
  return value
}
