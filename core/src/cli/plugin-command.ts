import type { Command } from 'commander'
import { CwsError } from '../errors/cws-error.ts'
import { nearest } from '../model/nearest.ts'
import type { Distribution } from './distribution.ts'

/** A command that a plugin adds to `cws`: written as those of core are, loaded when somebody uses it. */
export interface PluginCommand {
  /** One line of `cws --help`. */
  readonly summary: string
  load(): Promise<CommandModule>
}

export interface CommandModule {
  /** Gives the command, which has its name and summary, its description, options, sub-commands and action. */
  register(command: Command, distribution: Distribution): void
}

/** Commands by the word after `cws`. */
export type PluginCommands = Readonly<Record<string, PluginCommand>>

/** Lists the commands of the distribution's plugins, without loading them. */
export function listCommands(program: Command, commands: PluginCommands): void {
  for (const [name, { summary }] of Object.entries(commands)) program.command(name).summary(summary)
}

/**
 * Loads the one command that these arguments name, if it is a plugin's: of the distribution, else of a plugin in the configuration. What is
 * nearly the name of a command that there is was mistyped, and no configuration is evaluated for it.
 */
export async function mountCommand(program: Command, distribution: Distribution, args: readonly string[]): Promise<void> {
  const word = args.filter((arg) => !arg.startsWith('-') && arg !== 'help')[0]
  if (word === undefined) return
  const own = ownCommand(distribution.commands ?? {}, word)
  const known = program.commands.find((command) => command.name() === word)
  if (own && known) (await own.load()).register(known, distribution)
  if (known || nearest(word, ['help', ...program.commands.map((command) => command.name())])) return
  const added = await configuredCommand(word, distribution)
  if (added) (await added.load()).register(program.command(word).summary(added.summary), distribution)
}

async function configuredCommand(word: string, distribution: Distribution): Promise<PluginCommand | undefined> {
  const { composition } = await import('./compose.ts')
  try {
    const { instances } = await composition({}, distribution)
    return instances.map(({ instance }) => ownCommand(instance.definition.commands ?? {}, word)).find((command) => command !== undefined)
  } catch (error) {
    // Then no plugin of it has the command; that there is none is told.
    if (error instanceof CwsError) return undefined
    throw error
  }
}

const ownCommand = (commands: PluginCommands, word: string): PluginCommand | undefined =>
  Object.hasOwn(commands, word) ? commands[word] : undefined
