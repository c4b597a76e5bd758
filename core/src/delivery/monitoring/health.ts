import type { AgentStatus } from '../../agent/status.ts'

/** What `/healthz` answers: 200 if `ok`, else 503. */
export interface Health {
  readonly ok: boolean
  readonly state: AgentStatus['state'] | 'unknown'
  /** Why it is not well. */
  readonly reasons: readonly string[]
  /** What is less than it could be, and no reason to call anybody. */
  readonly notes: readonly string[]
}

/** Well is an agent that sees, keeps and tells: every sensor runs and proved alive, the store takes signals, no plugin and no destination has failed. */
export function healthOf(status: AgentStatus): Health {
  const { state, sensors, plugins, delivery } = status
  const reasons: string[] = []
  const notes: string[] = []
  if (state !== 'ready') reasons.push(`the agent is ${state}`)
  for (const { sensor, running, selfTest, flavours } of sensors) {
    if (running === undefined) {
      const why = flavours.flatMap(({ name, reason }) => (reason ? [`${name}: ${reason}`] : [])).join('; ')
      if (state !== 'starting') reasons.push(`sensor ${sensor} does not run${why ? ` (${why})` : ''}`)
    } else if (selfTest === 'silent') reasons.push(`sensor ${sensor} is silent: it did not see its self-test`)
  }
  for (const { name, state: its, detail } of plugins) {
    if (its === 'ok') continue
    const list = its === 'failed' ? reasons : notes
    list.push(`plugin ${name} ${its === 'failed' ? 'has failed' : 'is degraded'}${detail ? `: ${detail}` : ''}`)
  }
  if (delivery?.storeError !== undefined) reasons.push(`the store refuses signals: ${delivery.storeError}`)
  for (const [name, { state: its, lastError }] of Object.entries(delivery?.destinations ?? {})) {
    if (its !== 'broken' && its !== 'failing') continue
    const list = its === 'broken' ? reasons : notes
    list.push(`destination ${name} is ${its}${lastError ? `: ${lastError}` : ''}`)
  }
  const beat = delivery?.heartbeat
  if (beat?.last === 'withheld' || beat?.last === 'failed')
    notes.push(`the heartbeat ${beat.last === 'withheld' ? 'is withheld' : 'did not arrive'}: ${beat.reasons.join('; ')}`)
  return { ok: reasons.length === 0, state, reasons, notes }
}
