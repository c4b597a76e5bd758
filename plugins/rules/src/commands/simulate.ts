import { setTimeout as sleep } from 'node:timers/promises'
import { CwsError, messageOf, nearest, type Signal, type Trigger } from '@cws/core'
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
  querySignals,
  runDirOption,
  stateDirOption,
  styled,
  withOptions,
  workbench,
} from '@cws/core/cli'
import { isOurs } from '../simulate/ours.ts'
import { obstacle, perform } from '../simulate/perform.ts'
import { Undoing } from '../simulate/undoing.ts'
import { packsOf } from './rules-of.ts'

/** The agent tells of a signal that grows at most every 10 s. */
const WAIT_MS = 15_000
const POLL_MS = 50

type State = 'fired' | 'silent' | 'failed' | 'refused' | 'not here' | 'no trigger' | 'can be tried'

interface Outcome {
  readonly rule: string
  readonly state: State
  /** Id of the signal. */
  readonly signal: string | null
  readonly detail: string | null
}

interface Options extends ConfigOption, FolderOptions, FormatOption {}

const EXAMPLES = `
What is done is harmless, and undone: a copy of /bin/true runs under a name that gives an attacker away, a shell ends before it begins, a file that
holds a comment comes and goes. The signals are real, and go where signals go. fired: the signal came. silent: none came within 15 s. refused: what
has it fire is not harmless on a host that matters. not here: this host lacks what it takes. Exit codes: 0 all that could be tried fired, 1 else.

Examples:
  sudo cws rules simulate                         every rule that has a trigger
  sudo cws rules simulate cryptominer             one rule
  cws rules simulate --list                       which have one, without doing it`

export function simulateCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('simulate [rules...]')
    .summary('do what has rules fire, harmlessly, and see the signals come')
    .description(
      'Does for real what rules look for, harmlessly, and checks that the agent that runs tells of it: from the kernel to the store.',
    )
    .option('--list', 'say which rules can be tried, and try none')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(
    async (names: readonly string[], { list, ...options }: Options & { readonly list?: true }) => {
      await using bench = await workbench(options, distribution)
      const packs = await packsOf(bench)
      const triggers = new Map(packs.flatMap((pack) => Object.entries(pack.triggers ?? {})))
      const ids = packs.flatMap((pack) => pack.rules.map(({ id }) => id))
      const wanted = names.length > 0 ? names.map((name) => known(name, ids)) : ids
      const told = teller(wanted, options)
      // Fails at once where there is no agent.
      if (!list) await querySignals(options, 'signals.list', { limit: 1 })
      for (const rule of wanted) {
        const trigger = triggers.get(rule)
        told.tell(hindrance(rule, trigger) ?? (list ? outcome(rule, 'can be tried') : await attempt(rule, trigger as Trigger, options)))
      }
      told.end()
    },
  )
}

const outcome = (rule: string, state: State, detail: string | null = null, signal: string | null = null): Outcome => ({
  rule,
  state,
  signal,
  detail,
})

/** Why it is not tried. */
function hindrance(rule: string, trigger: Trigger | undefined): Outcome | undefined {
  if (trigger === undefined) return outcome(rule, 'no trigger', 'its pack names nothing that has it fire')
  if (trigger.harm !== undefined) return outcome(rule, 'refused', `it would do harm: ${trigger.harm}`)
  const why = obstacle(trigger)
  return why === undefined ? undefined : outcome(rule, 'not here', why)
}

async function attempt(rule: string, trigger: Trigger, options: Options): Promise<Outcome> {
  // The clock of events is the kernel's, which may be a little behind.
  const begin = new Date(Date.now() - 1_000).toISOString()
  using done = new Undoing()
  try {
    done.undo = perform(trigger)
    const signal = await signalOf(rule, begin, options)
    return signal ? outcome(rule, 'fired', signal.title, signal.id) : outcome(rule, 'silent', `no signal of it within ${WAIT_MS / 1000} s`)
  } catch (error) {
    return outcome(rule, 'failed', messageOf(error))
  }
}

/** The signal that what was done since then has opened, or joined. */
async function signalOf(rule: string, begin: string, options: Options): Promise<Signal | undefined> {
  const end = Date.now() + WAIT_MS
  do {
    const signals = (await querySignals(options, 'signals.list', { rule, limit: 20 })) as readonly Signal[]
    const fits = signals.find((signal) => signal.last_seen >= begin && (isOurs(signal) || signal.count > 1))
    if (fits) return fits
    await sleep(POLL_MS)
  } while (Date.now() < end)
  return undefined
}

function known(name: string, ids: readonly string[]): string {
  if (ids.includes(name)) return name
  const guess = nearest(name, ids)
  throw new CwsError('CWS_ERR_USAGE', `there is no rule "${name}"${guess ? `; did you mean "${guess}"?` : ''}`)
}

const STYLES: Readonly<Record<State, Parameters<typeof styled>[0]>> = {
  fired: 'green',
  silent: 'red',
  failed: 'red',
  refused: 'yellow',
  'not here': 'dim',
  'no trigger': 'dim',
  'can be tried': 'cyan',
}

/** Tells people each outcome as it comes, machines all at the end. */
function teller(rules: readonly string[], { format }: FormatOption) {
  const outcomes: Outcome[] = []
  const stateWidth = Math.max(...Object.keys(STYLES).map(({ length }) => length))
  const ruleWidth = Math.max(0, ...rules.map(({ length }) => length))
  return {
    tell(one: Outcome): void {
      outcomes.push(one)
      if (one.state === 'silent' || one.state === 'failed') process.exitCode = 1
      if (format === 'json') return
      const { state, rule, detail, signal } = one
      line(styled(STYLES[state], state.padEnd(stateWidth)), styled('bold', rule.padEnd(ruleWidth)), detail ?? '', signal ?? '')
    },
    end(): void {
      if (format === 'json') json(outcomes)
      else line(styled('dim', [...Map.groupBy(outcomes, ({ state }) => state)].map(([state, of]) => `${of.length} ${state}`).join(', ')))
    },
  }
}
