import type { EventDefinition } from './define-event.ts'
import { agentConfigRejected } from './events/agent-config-rejected.ts'
import { agentLostEvents } from './events/agent-lost-events.ts'
import { agentPluginFault } from './events/agent-plugin-fault.ts'
import { agentRulesetLoaded } from './events/agent-ruleset-loaded.ts'
import { change } from './events/change.ts'
import { exec } from './events/exec.ts'
import { exit } from './events/exit.ts'
import { fork } from './events/fork.ts'
import { open } from './events/open.ts'

/** The event types that core declares, whether or not a sensor of this host feeds them. */
export const standardEvents: readonly EventDefinition[] = [
  exec,
  fork,
  exit,
  open,
  change,
  agentLostEvents,
  agentConfigRejected,
  agentRulesetLoaded,
  agentPluginFault,
]
