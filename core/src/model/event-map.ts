import type { agentConfigRejected } from './events/agent-config-rejected.ts'
import type { agentLostEvents } from './events/agent-lost-events.ts'
import type { agentPluginFault } from './events/agent-plugin-fault.ts'
import type { agentRulesetLoaded } from './events/agent-ruleset-loaded.ts'
import type { change } from './events/change.ts'
import type { exec } from './events/exec.ts'
import type { exit } from './events/exit.ts'
import type { fork } from './events/fork.ts'
import type { open } from './events/open.ts'

/** All event types by name. Plugins add theirs: `declare module '@cws/core' { interface EventMap { usb: typeof usb } }`. */
export interface EventMap {
  exec: typeof exec
  fork: typeof fork
  exit: typeof exit
  open: typeof open
  change: typeof change
  'agent.lost_events': typeof agentLostEvents
  'agent.config_rejected': typeof agentConfigRejected
  'agent.ruleset_loaded': typeof agentRulesetLoaded
  'agent.plugin_fault': typeof agentPluginFault
}

export type EventType = keyof EventMap & string
