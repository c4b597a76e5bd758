import type { Watched } from '../agent/quarantine.ts'
import type { Config } from '../config/define-config.ts'
import type { PluginCommands } from './plugin-command.ts'

/** Messages of sd_notify(3): all sensors are alive; the agent drains; it lives. */
export type ServiceState = 'READY=1' | 'STOPPING=1' | 'WATCHDOG=1'

/** What a distribution puts around core to make a command of it. */
export interface Distribution {
  readonly version: string
  /** URL of a module of the distribution: packages that a configuration names and its folder does not have are looked up from there. */
  readonly installation: string
  /** What runs without a configuration. */
  readonly preset: () => Promise<Config>
  /** The file that `cws init` writes. */
  readonly starter: string
  /** Commands of its plugins. Listed here, `cws --help` names them without loading a plugin or a configuration. */
  readonly commands?: PluginCommands
  /** Called before secrets are read by a process that stays: no core dumps. */
  readonly harden?: () => Promise<void>
  /** Gives memory that the process holds and does not use back to the kernel, in some milliseconds at most. */
  readonly trim?: () => Promise<void>
  /** Watches the thread that this is called in: a plugin that holds it up ends the process, which begins anew. Rejects where that cannot be. */
  readonly watch?: (watched: Watched) => Promise<void>
  /** Tells the service manager, if one started the process, where the agent is. */
  readonly notify?: (state: ServiceState) => Promise<void>
}
