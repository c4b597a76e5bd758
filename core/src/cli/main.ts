import { Command } from 'commander'
import { checkCommand } from './commands/check.ts'
import { doctorCommand } from './commands/doctor.ts'
import { eventsCommand } from './commands/events.ts'
import { fieldsCommand } from './commands/fields.ts'
import { initCommand } from './commands/init.ts'
import { notifyCommand } from './commands/notify.ts'
import { pluginsCommand } from './commands/plugins.ts'
import { recordCommand } from './commands/record.ts'
import { replayCommand } from './commands/replay.ts'
import { runCommand } from './commands/run.ts'
import { signalsCommand } from './commands/signals.ts'
import { statusCommand } from './commands/status.ts'
import type { Distribution } from './distribution.ts'
import { json } from './output.ts'
import { listCommands, mountCommand } from './plugin-command.ts'
import { errorJson, errorText, exitCodeOf } from './report-error.ts'

export type { Command } from 'commander'
export { querySignals } from './commands/signals.ts'
export { composition, foldersOf, type Telling, type Workbench, workbench } from './compose.ts'
export type { Distribution } from './distribution.ts'
export * from './options.ts'
export * from './output.ts'
export type { CheckModule, PluginCheck } from './plugin-check.ts'
export type { CommandModule, PluginCommand, PluginCommands } from './plugin-command.ts'

const FIRST_STEPS = `
First steps:
  sudo cws run            watch this host; signals appear here
  sudo cws signals list   what was found so far
  sudo cws doctor         what this host can see, what not, and why
  cws init                write a configuration of your own
  cws help run            all about one command`

/** Whether the answer is to be JSON: then an error is one too. `run` does not answer: it tells signals on stdout, and what ends it stands with its log. */
const asksForJson = (args: readonly string[]): boolean =>
  args[0] !== 'run' && args.some((arg, at) => arg === '--format=json' || (arg === '--format' && args[at + 1] === 'json'))

/** The program `cws` of a distribution. `quiet`: a wrong command line is thrown, not written as well. */
export function program(distribution: Distribution, quiet = false): Command {
  const cws = new Command('cws')
  // Before there are commands, which take this over.
  if (quiet) cws.configureOutput({ writeErr: () => {} })
  cws
    .description('Watches Linux hosts, containers and Kubernetes nodes for threats, at the kernel, and tells people.')
    .version(distribution.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', FIRST_STEPS)
    .showHelpAfterError('(`--help` shows what there is)')
    .exitOverride()
  runCommand(cws, distribution)
  checkCommand(cws, distribution)
  initCommand(cws, distribution)
  statusCommand(cws)
  signalsCommand(cws)
  notifyCommand(cws, distribution)
  doctorCommand(cws, distribution)
  pluginsCommand(cws, distribution)
  fieldsCommand(cws, distribution)
  eventsCommand(cws, distribution)
  recordCommand(cws, distribution)
  replayCommand(cws, distribution)
  listCommands(cws, distribution.commands ?? {})
  return cws
}

/** Runs the command line. Sets the exit code; never throws. */
export async function main(distribution: Distribution, argv: readonly string[] = process.argv): Promise<void> {
  // `cws fields | head`: a reader that has gone is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const wantsJson = asksForJson(argv.slice(2))
  try {
    const cws = program(distribution, wantsJson)
    await mountCommand(cws, distribution, argv.slice(2))
    await cws.parseAsync(argv)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (!wantsJson) process.stderr.write(errorText(error))
    // Help and version were asked for.
    else if (process.exitCode !== 0) json({ kind: 'error', ok: false, error: errorJson(error) })
  }
}
