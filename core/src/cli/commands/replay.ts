import { type Command, Option } from 'commander'
import { humanSignal } from '../../delivery/console/human.ts'
import { safeLine } from '../../signals/signal-json.ts'
import type { SignalLine } from '../../signals/signal-line.ts'
import { composition, loggerFor } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import {
  type ConfigOption,
  configOption,
  type FormatOption,
  formatOption,
  type LogOption,
  logLevelOption,
  withOptions,
} from '../options.ts'
import { colored } from '../output.ts'

interface ReplayOptions extends ConfigOption, FormatOption, LogOption {
  readonly quiet?: true
}

/** Between chunks of lines, so that a reader can keep up and Ctrl-C is heard. */
const MAX_WAITING = 1024 * 1024

const EXAMPLES = `
Signals are told as \`cws run\` would have told them, ids and times included: the same recording and the same rules give the same
output, however fast it goes. Nothing is stored or sent, no sensor is started, no root is needed.

Examples:
  cws replay incident.cws                                   with what works without configuration
  cws replay incident.cws --config ./cws.config.ts          with your own rules
  cws replay incident.cws --format json | jq -r .rule.id    one JSON object a line`

export function replayCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('replay <file>')
    .summary('judge the events of a file that cws record wrote')
    .description('Puts recorded events through enrichment, rules and grouping, as fast as it goes.')
    .addHelpText('after', EXAMPLES)
  const quiet = new Option('-q, --quiet', 'no word on stderr about how much was replayed')
  withOptions(command, quiet, configOption(), formatOption('human on a terminal, else json'), logLevelOption()).action(
    (file: string, options: ReplayOptions) => replayFile(file, options, distribution),
  )
}

async function replayFile(file: string, options: ReplayOptions, distribution: Distribution): Promise<void> {
  const human = (options.format ?? (process.stdout.isTTY ? 'human' : 'json')) === 'human'
  const color = human && colored()
  const logger = await loggerFor(options.logLevel ?? 'warn', process.stderr.isTTY === true)
  const log = logger.logFor('replay')
  const [{ Replay }, { readLines }] = await Promise.all([import('../../recording/replay.ts'), import('../../recording/reader.ts')])
  const { instances, folder } = await composition(options, distribution)
  const text = (signal: SignalLine) => (human ? humanSignal(signal.signal, color) : safeLine(signal.line))
  await using replay = new Replay({
    instances,
    ...(folder === undefined ? {} : { folder }),
    logFor: logger.logFor,
    emit: (signal) => void process.stdout.write(`${text(signal)}\n`),
  })
  const began = performance.now()
  try {
    await replay.setup()
    for await (const lines of readLines(file, (why) => log.warn(`${file} was cut off: ${why}; all that is whole is replayed`))) {
      replay.take(lines)
      if (process.stdout.writableLength > MAX_WAITING) await new Promise((resolve) => process.stdout.once('drain', resolve))
    }
    replay.end()
  } finally {
    logger.flush()
  }
  if (replay.unknown > 0) log.warn(`${replay.unknown} events are of types that nobody here knows`)
  logger.flush()
  if (options.quiet) return
  const seconds = (performance.now() - began) / 1000
  const span = replay.first === undefined || replay.last === undefined ? 0 : (replay.last - replay.first) / 1000
  process.stderr.write(
    `${replay.events} events of ${span.toFixed(1)} s on ${JSON.stringify(replay.head?.host.name)}, replayed in ${seconds.toFixed(1)} s: ${replay.signals} signals\n`,
  )
}
