import { defineEvent } from '../define-event.ts'
import { int, strings } from '../field.ts'

export const agentRulesetLoaded = defineEvent('agent.ruleset_loaded', {
  doc: 'Rules were loaded: how many run, which were refused, which this host cannot feed.',
  fields: {
    loaded: int('Rules that run'),
    rejected: strings('Ids of rules with errors'),
    unfed: strings('Ids of rules whose events or fields no sensor of this host feeds'),
    filtered: strings('Ids of rules that their filters or their `agent_version` leave out on this host'),
    disabled: strings('Ids of rules that are off'),
    policies: strings('Policy files, each with what became of it: `web.policy: partially_loaded`'),
  },
})
