import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const agentPluginFault = defineEvent('agent.plugin_fault', {
  doc: 'A plugin threw, rejected or did not settle. The agent goes on; faults are told once a plugin and hook, then counted.',
  fields: {
    plugin: string('Instance name of the plugin'),
    hook: string('Hook or phase where it failed'),
    message: string('What it said'),
    count: int('Faults of this plugin in this hook so far'),
  },
})
