import { type Command, Option } from 'commander'
import type { Agent } from '../../agent/agent.ts'
import type { EventSelection } from '../../agent/event-lines.ts'
import { messageOf } from '../../errors/cws-error.ts'
import { composition, isRoot, loggerFor, ownFoldersOf } from '../compose.ts'
import type { Distribution, ServiceState } from '../distribution.ts'
import {
  type ConfigOption,
  configOption,
  type FolderOptions,
  type FormatOption,
  formatOption,
  type LogOption,
  logLevelOption,
  runDirOption,
  stateDirOption,
  typeList,
  withOptions,
} from '../options.ts'
import { keepTrim } from '../trimming.ts'
import { feedWatchdog } from '../watchdog.ts'

interface RunOptions extends ConfigOption, FolderOptions, FormatOption, LogOption {
  readonly events?: true | readonly string[]
}

const EXAMPLES = `
Signals are told on stdout, logs on stderr. SIGHUP and a change of the configuration's file reload it; one that
is wrong is told, and the one before works on. SIGTERM and Ctrl-C drain and end; a second one ends at once.
Exit codes: 0 stopped, 1 failed while running, 2 command line or configuration are wrong, 3 no sensor can run.

Examples:
  sudo cws run                               watch this host with what works without configuration
  sudo cws run --config /srv/cws.config.ts   with your own
  sudo cws run --format json | jq .title     one JSON object a line
  sudo cws run --events=exec                 also show every exec`

export function runCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('run')
    .summary('watch this host until stopped')
    .description('Runs the agent: watches this host, tells signals, delivers them. Without a configuration it runs what comes with it.')
    .addHelpText('after', EXAMPLES)
  const events = new Option('--events [types]', 'also tell events, of these types or of all').argParser(typeList)
  withOptions(
    command,
    configOption(),
    formatOption('human on a terminal, else json'),
    events,
    stateDirOption(),
    runDirOption(),
    logLevelOption(),
  ).action((options: RunOptions) => run(options, distribution))
}

async function run(options: RunOptions, distribution: Distribution): Promise<void> {
  await distribution.harden?.()
  const { takeBlocked, watchedAfter } = await import('../../agent/quarantine.ts')
  const blocked = takeBlocked()
  const terminal = process.stdout.isTTY === true
  const format = options.format ?? (terminal ? 'human' : 'json')
  const { Agent } = await import('../../agent/agent.ts')
  const logger = await loggerFor(options.logLevel ?? 'info', process.stderr.isTTY === true)
  const log = logger.logFor('agent')
  const load = () => composition(options, distribution, { usesSecrets: true })
  const config = await load()
  for (const warning of config.warnings) log.warn(warning)
  if (!isRoot()) log.warn('not run as root: the sensors of the kernel need it; `cws doctor` says what is lost')
  const { state, run: runDir } = ownFoldersOf(options)
  const agent = new Agent({
    config,
    load,
    stateDir: state,
    runDir,
    version: distribution.version,
    format,
    color: terminal && format === 'human' && !process.env['NO_COLOR'],
    logLevel: options.logLevel ?? 'info',
    logFor: logger.logFor,
    events: selectionOf(options.events),
    blocked,
  })
  // One plugin's timer or promise must not end the agent.
  process.on('uncaughtException', (error) => agent.stray(error))
  process.on('unhandledRejection', (reason) => agent.stray(reason))
  const notify = async (state: ServiceState) => {
    try {
      await distribution.notify?.(state)
    } catch (error) {
      log.warn(`the service manager is not told ${state}: ${messageOf(error)}`)
    }
  }
  const watched = watchedAfter(blocked)
  if (!watched)
    log.error({ code: 'CWS_ERR_PLUGIN_BLOCKED' }, 'restarted too often for plugins that blocked: this agent is not restarted for one more')
  else await distribution.watch?.(watched).catch((error) => log.warn(`nobody would end a plugin that blocks: ${messageOf(error)}`))
  const stopped = untilStopped(agent, log, () => notify('STOPPING=1'))
  let watchdog: Disposable | undefined
  let trimming: Disposable | undefined
  try {
    await agent.start()
    await notify('READY=1')
    watchdog = feedWatchdog({
      silentMs: () => agent.deliverySilentMs,
      feed: () => void notify('WATCHDOG=1'),
      withheld: (reason) => log.error(`the service manager is not told WATCHDOG=1, so that it ends this process: ${reason}`),
    })
    const { trim } = distribution
    trimming = trim && keepTrim(trim, (error) => log.warn(`memory is not given back: ${messageOf(error)}`))
    await stopped
  } finally {
    trimming?.[Symbol.dispose]()
    watchdog?.[Symbol.dispose]()
    logger.flush()
  }
}

const selectionOf = (events: RunOptions['events']): EventSelection | undefined =>
  events === undefined ? undefined : events === true ? {} : { types: events }

/** Settles when the agent was told to stop and has drained; rejects when it failed. */
function untilStopped(
  agent: Agent,
  log: { info(text: string): void; warn(text: string): void },
  onStop: () => Promise<void>,
): Promise<void> {
  let asked = false
  const signalled = new Promise<void>((resolve, reject) => {
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1)
      asked = true
      log.info(`${signal}: draining`)
      void onStop()
      agent.stop().then((pending) => {
        if (pending > 0) log.warn(`${pending} deliveries are left for the next start`)
        resolve()
      }, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    // A terminal that is closed ends what it shows; for a service the signal means reload, and must not end it.
    process.on('SIGHUP', (signal) => (process.stdout.isTTY ? stop(signal) : void agent.reload(signal)))
  })
  const failed = agent.failed.then(async (error) => {
    await agent.stop()
    throw error
  })
  return Promise.race([signalled, failed])
}
