import { CwsError, compileCondition, parseCondition } from '@cws/core'
import {
  type Command,
  type ConfigOption,
  configOption,
  type Distribution,
  type FolderOptions,
  type FormatOption,
  formatOption,
  json,
  line,
  runDirOption,
  stateDirOption,
  styled,
  table,
  withOptions,
  workbench,
} from '@cws/core/cli'
import { candidatesFor } from '../except/candidates.ts'
import { type StoredSignal, storedSignal, storedSignalsOf } from '../except/stored.ts'

interface Exception {
  /** An expression for `tune.<rule>.unless`. */
  readonly unless: string
  /** Other stored signals of the rule that it would have silenced, newest first. */
  readonly silences: readonly { readonly id: string; readonly title: string; readonly last_seen: string }[]
  readonly doubts: readonly string[]
}

interface Options extends ConfigOption, FolderOptions, FormatOption {}

/** So many others are named. */
const MOST_NAMED = 10

const EXAMPLES = `
An exception names files by their paths, as the kernel has them; names and arguments, which anybody can choose, never stand alone. It holds for this rule only. A
stored signal has its first event: what else it grouped is not looked at. Exit codes: 0 found, 1 there is none.

Examples:
  sudo cws rules except 01KB6QRD4V5N0ZK3W8F2T9XHMC
  sudo cws rules except 01KB6QRD4V5N0ZK3W8F2T9XHMC --format json | jq -r '.exceptions[0].unless'`

export function exceptCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('except <signal>')
    .summary('write the exception that would have silenced a signal')
    .description(
      'Writes the exceptions that would have kept a signal away, the most specific first, and says what else each would have silenced.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(
    async (id: string, options: Options) => {
      await using bench = await workbench(options, distribution)
      const subject = await storedSignal(id, options, bench.model)
      const others = await storedSignalsOf(subject.signal.rule.id, options, bench.model)
      const exceptions = exceptionsFor(subject, others)
      const rule = subject.signal.rule.id
      if (options.format === 'json') json({ rule, signal: subject.signal.id, stored: others.length, exceptions })
      else tell(rule, exceptions, others.length)
      if (exceptions.length === 0) process.exitCode = 1
    },
  )
}

function exceptionsFor({ signal, definition, event }: StoredSignal, others: readonly StoredSignal[]): Exception[] {
  return candidatesFor(event, definition).map(({ expression, doubts }) => {
    const holds = compileCondition(parseCondition(expression, definition))
    if (holds(event) !== true) throw new CwsError('CWS_ERR_CONDITION', `the exception does not hold for the signal itself: ${expression}`)
    const silences = others
      .filter((other) => other.signal.id !== signal.id && other.definition === definition && holds(other.event) === true)
      .map((other) => ({ id: other.signal.id, title: other.signal.title, last_seen: other.signal.last_seen }))
    return { unless: expression, silences, doubts }
  })
}

function tell(rule: string, exceptions: readonly Exception[], stored: number): void {
  const [first, ...rest] = exceptions
  if (!first) {
    line('no exception: of the files that it is about, no path is known that could be written in one')
    return
  }
  line(styled('bold', 'In the configuration:'))
  line(`  tune: { ${quoted(rule)}: { unless: ${quoted(first.unless)} } }`)
  line(styled('bold', 'In the policy that has the rule, at the end of its expression:'))
  line(`  && !(${first.unless})`)
  for (const doubt of first.doubts) line(styled('yellow', 'beware'), doubt)
  tellSilenced(first, stored)
  if (rest.length === 0) return
  line('')
  line(styled('bold', 'Less specific:'))
  table(
    rest.map(({ unless, silences, doubts }) => [
      `${silences.length} more`,
      unless,
      ...(doubts.length > 0 ? [styled('yellow', 'beware: users can make that file')] : []),
    ]),
    '  ',
  )
}

function tellSilenced({ silences }: Exception, stored: number): void {
  line(styled('dim', `it would have silenced this signal and ${silences.length} more of the ${stored} that are stored of the rule`))
  table(
    silences.slice(0, MOST_NAMED).map(({ id, title, last_seen }) => [id, last_seen, title]),
    '  ',
  )
}

const quoted = (text: string): string => (text.includes("'") ? JSON.stringify(text) : `'${text}'`)
