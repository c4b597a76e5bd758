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

/** What the agent says of itself, whatever the rules are: loss is at least in the log, a rejected configuration is a signal. */
export function tapOwnEvents(engine: Engine, log: Logger): void {
  const { detect } = engine.hooks.facadeFor('agent')
  detect.for('agent.lost_events').tap((event) => {
    const { event: type, stage, count } = event.agent.lost_events
    log.warn({ type, stage, count }, `lost ${String(count)} ${String(type)} events (${String(stage)})`)
  })
  detect.for('agent.config_rejected').tap((event) => engine.report('agent', event as never, REJECTED))
}
