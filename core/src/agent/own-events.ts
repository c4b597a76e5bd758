import type { Engine } from '../pipeline/engine.ts'
import type { Logger } from '../plugin/logger.ts'
import type { Finding } from '../signals/finding.ts'

/** Somebody has to hear of it who does not read the log: until it is mended, the host is watched by what was meant to be replaced. */
const REJECTED: Finding = {
  rule: 'agent-config-rejected',
  name: 'Configuration rejected',
  severity: 'medium',
  title: 'A changed configuration was not taken',
  message: '{{@agent.config_rejected.message}} ({{@agent.config_rejected.code}}). The agent runs on with the one before.',
  advice: 'Mend it, with the help of `cws check`; send SIGHUP if nothing but the file was wrong.',
  groupBy: ['agent.config_rejected.file', 'agent.config_rejected.code', 'agent.config_rejected.message'],
}

/** A plugin that was to watch does not any more. */
const QUARANTINED: Finding = {
  rule: 'agent-plugin-quarantined',
  name: 'Plugin left out',
  severity: 'high',
  title: 'A plugin blocked the agent and is left out',
  message: 'The plugin "{{@agent.plugin_fault.plugin}}" {{@agent.plugin_fault.message}}.',
  advice: 'What it watched is not watched, and what happened while it blocked was not judged. Mend or remove it, then restart the agent.',
  groupBy: ['agent.plugin_fault.plugin'],
}

/** What the agent says of itself, whatever the rules are: loss is at least in the log, a rejected configuration and a plugin that is left out are signals. */
export function tapOwnEvents(engine: Engine, log: Logger, quarantined: ReadonlySet<string> = new Set()): void {
  const { detect } = engine.hooks.facadeFor('agent')
  detect.for('agent.lost_events').tap((event) => {
    const { event: type, stage, count } = event.agent.lost_events
    log.warn({ type, stage, count }, `lost ${String(count)} ${String(type)} events (${String(stage)})`)
  })
  detect.for('agent.config_rejected').tap((event) => engine.report('agent', event as never, REJECTED))
  detect.for('agent.plugin_fault').tap((event) => {
    if (quarantined.has(event.agent.plugin_fault.plugin as string)) engine.report('agent', event as never, QUARANTINED)
  })
}
