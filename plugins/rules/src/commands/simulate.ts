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
  table,
  withOptions,
  workbench,
} from '@cws/core/cli'
import { isOurs } from '../simulate/ours.ts'
import { obstacle, perform } from '../simulate/perform.ts'
import { packsOf } from './rules-of.ts'

/** The agent tells of a signal that grows at most every 10 s. */
const WAIT_MS = 15_000
const POLL_MS = 200

type State = 'fired' | 'silent' | 'failed' | 'no trigger' | 'can be tried'

interface Outcome {
  readonly rule: string
  readonly state: State
  /** Id of the signal. */
  readonly signal: string | null
  readonly detail: string | null
}

interface Options extends ConfigOption, FolderOptions, FormatOption {}

const EXAMPLES = `
What is done is harmless, and undone: a copy of /bin/true runs under a name that gives an attacker away, a shell ends before it begins. The signals are
real, and go where signals go. fired: the signal came. silent: none came within 15 s. Exit codes: 0 all that could be tried fired, 1 else.

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
      if (list) {
        tell(
          wanted.map((rule) => (triggers.has(rule) ? { rule, state: 'can be tried', signal: null, detail: null } : without(rule))),
          options,
        )
        return
      }
      // Fails at once where there is no agent.
      await querySignals(options, 'signals.list', { limit: 1 })
      const outcomes: Outcome[] = []
      for (const rule of wanted) {
        const trigger = triggers.get(rule)
        outcomes.push(trigger ? await attempt(rule, trigger, options) : without(rule))
      }
      tell(outcomes, options)
      if (outcomes.some(({ state }) => state === 'silent' || state === 'failed')) process.exitCode = 1
    },
  )
}

const without = (rule: string): Outcome => ({ rule, state: 'no trigger', signal: null, detail: 'nothing harmless has it fire' })

async function attempt(rule: string, trigger: Trigger, options: Options): Promise<Outcome> {
  const why = obstacle(trigger)
  if (why !== undefined) return { ...without(rule), detail: why }
  // The clock of events is the kernel's, which may be a little behind.
  const begin = new Date(Date.now() - 1_000).toISOString()
  let undo = (): void => {}
  try {
    undo = perform(trigger)
    const signal = await signalOf(rule, begin, options)
    if (signal) return { rule, state: 'fired', signal: signal.id, detail: signal.title }
    return { rule, state: 'silent', signal: null, detail: `no signal of it within ${WAIT_MS / 1000} s` }
  } catch (error) {
    return { rule, state: 'failed', signal: null, detail: messageOf(error) }
  } finally {
    undo()
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

const STYLES = { fired: 'green', silent: 'red', failed: 'red', 'no trigger': 'dim', 'can be tried': 'cyan' } as const

function tell(outcomes: readonly Outcome[], { format }: FormatOption): void {
  if (format === 'json') {
    json(outcomes)
    return
  }
  table(outcomes.map(({ rule, state, signal, detail }) => [styled(STYLES[state], state), styled('bold', rule), detail ?? '', signal ?? '']))
  line(styled('dim', [...Map.groupBy(outcomes, ({ state }) => state)].map(([state, of]) => `${of.length} ${state}`).join(', ')))
}
