import type { DeliveryCounters } from '../delivery/protocol.ts'
import type { EventCounts } from '../pipeline/counters.ts'
import type { PluginReport, Runtime } from './runtime.ts'
import type { SensorReport } from './sensors.ts'

/** What `cws status` prints: a contract for scripts. */
export interface AgentStatus {
  readonly state: 'starting' | 'ready' | 'stopping'
  readonly pid: number
  readonly version: string
  readonly config: string | null
  readonly uptime_s: number
  /** Configurations that were put to work and that were not taken since the start. */
  readonly reloads: {
    readonly done: number
    readonly rejected: number
    /** Why the configuration as it is now is not at work; null: it is. */
    readonly last_error: string | null
    /** RFC 3339, UTC. */
    readonly last_error_at: string | null
  }
  readonly rss_mb: number
  readonly sensors: readonly SensorReport[]
  readonly plugins: readonly PluginReport[]
  /** By event type. `seen` + `filtered` + `coalesced` + `lost` is what happened on the host. */
  readonly events: Readonly<Record<string, EventCounts>>
  readonly stages: {
    readonly findings: number
    readonly suppressed: number
    readonly signals: number
    readonly open_signals: number
    readonly faults: number
  }
  /** The flight recorder: what it may take and holds, what it was told, and what was pushed out before a minute was over. */
  readonly recorder: {
    readonly bytes: number
    readonly used_bytes: number
    readonly sessions: number
    readonly noted: number
    readonly pushed_out_bytes: number
    /** Signals without evidence, since too many opened at once. */
    readonly signals_skipped: number
  }
  /** Errors by the plugin that threw them. */
  readonly faults: Readonly<Record<string, number>>
  readonly delivery: DeliveryCounters | null
}

interface StatusParts {
  readonly state: AgentStatus['state']
  readonly version: string
  readonly configFile: string | undefined
  readonly started: number
  readonly reloads: AgentStatus['reloads']
  readonly runtime: Runtime | undefined
  readonly openSignals: number
  readonly recorder: AgentStatus['recorder']
  readonly delivery: DeliveryCounters | undefined
}

/** Gathers the counters of all stages. */
export function statusOf(parts: StatusParts): AgentStatus {
  const { runtime } = parts
  const counters = runtime?.engine.counters
  return {
    state: parts.state,
    pid: process.pid,
    version: parts.version,
    config: parts.configFile ?? null,
    uptime_s: Math.round((Date.now() - parts.started) / 1000),
    reloads: parts.reloads,
    rss_mb: Math.round(process.memoryUsage.rss() / 1048576),
    sensors: runtime?.sensors.map((sensor) => sensor.report()) ?? [],
    plugins: runtime?.pluginReports().map((plugin) => withoutDelivery(plugin, parts.delivery)) ?? [],
    events: runtime ? eventCounts(runtime) : {},
    stages: {
      findings: counters?.findings ?? 0,
      suppressed: counters?.suppressed ?? 0,
      signals: counters?.signals ?? 0,
      open_signals: parts.openSignals,
      faults: counters?.faults ?? 0,
    },
    recorder: parts.recorder,
    faults: runtime?.engine.faultsByPlugin() ?? {},
    delivery: parts.delivery ?? null,
  }
}

/** A notifier that the delivery thread goes without has failed. */
function withoutDelivery(plugin: PluginReport, delivery: DeliveryCounters | undefined): PluginReport {
  const destination = plugin.kind === 'notifier' ? delivery?.destinations[plugin.name] : undefined
  return destination?.state === 'failed' ? { ...plugin, state: 'failed', detail: destination.lastError } : plugin
}

/** The engine's counts, with what only the sources know: filtered in the kernel, lost on the way. */
function eventCounts(runtime: Runtime): Record<string, EventCounts> {
  const out: Record<string, EventCounts> = {}
  for (const [type, counts] of runtime.engine.counters.events) out[type] = { ...counts }
  for (const sensor of runtime.sensors)
    for (const [type, { filtered, coalesced = 0, lost }] of Object.entries(sensor.counts())) {
      const counts = out[type] ?? { seen: 0, filtered: 0, coalesced: 0, lost: 0, undecided: 0, parked: 0 }
      out[type] = { ...counts, filtered: counts.filtered + filtered, coalesced: counts.coalesced + coalesced, lost: counts.lost + lost }
    }
  return out
}
