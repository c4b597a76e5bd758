import type { AgentStatus } from '../../agent/status.ts'
import { severities } from '../../signals/severity.ts'
import { healthOf } from './health.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

/** What the kernel says of the agent's process. */
export interface ProcessFigures {
  readonly rssBytes: number
  readonly cpuSeconds: number
  /** Seconds since the epoch. */
  readonly startedAt: number
}

/** Media type of the text format (prometheus.io/docs/instrumenting/exposition_formats). */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const STAGES = ['seen', 'filtered', 'coalesced', 'lost', 'undecided', 'parked'] as const
const PLUGIN_STATES = ['ok', 'degraded', 'failed'] as const
const FIGURE = /^[a-z][a-z0-9_]{0,63}$/

/** The counters of all stages as Prometheus reads them. Names ending in `_total` only rise while the agent runs. */
export function metricsText(status: AgentStatus, process: ProcessFigures): string {
  const text = new MetricsText()
  aboutAgent(text, status, process)
  aboutSensors(text, status)
  aboutPlugins(text, status)
  aboutDelivery(text, status)
  return text.end()
}

function aboutAgent(text: MetricsText, status: AgentStatus, { rssBytes, cpuSeconds, startedAt }: ProcessFigures): void {
  text.add('cws_build_info', 'Version of the agent.', [[{ version: status.version }, 1]])
  text.add('cws_healthy', 'Whether /healthz says that all is well.', [[{}, Number(healthOf(status).ok)]])
  text.add('process_resident_memory_bytes', 'Resident memory of the agent.', [[{}, rssBytes]])
  text.add('process_cpu_seconds_total', 'User and system time that the agent took.', [[{}, cpuSeconds]])
  text.add('process_start_time_seconds', 'When the agent started, since the epoch.', [[{}, startedAt]])
}

function aboutSensors(text: MetricsText, { sensors, events, stages, recorder }: AgentStatus): void {
  text.add(
    'cws_sensor_up',
    'Whether a sensor runs and saw its self-test.',
    sensors.map(({ sensor, plugin, running, selfTest }) => [
      { sensor, plugin, flavour: running ?? '' },
      Number(running !== undefined && selfTest !== 'silent'),
    ]),
  )
  text.add(
    'cws_events_total',
    'Events by type and stage: seen + filtered + coalesced + lost is what happened on the host. undecided: judgements that met an unknown field.',
    Object.entries(events).flatMap(([type, counts]) => STAGES.map((stage): Sample => [{ type, stage }, counts[stage]])),
  )
  const figures = new Map<string, Sample[]>()
  for (const { sensor, plugin, figures: own } of sensors)
    for (const [figure, value] of Object.entries(own)) {
      const name = `cws_${sensor.replaceAll(/[^a-z0-9]/g, '_')}_${figure}`
      if (FIGURE.test(figure)) figures.set(name, [...(figures.get(name) ?? []), [{ plugin }, value]])
    }
  for (const [name, samples] of figures) text.add(name, 'A figure of the sensor.', samples)
  text.add('cws_findings_total', 'Findings of detectors.', [[{}, stages.findings]])
  text.add('cws_findings_suppressed_total', 'Findings that a plugin suppressed.', [[{}, stages.suppressed]])
  text.add('cws_signal_revisions_total', 'Revisions of signals: each opening and each change that was told.', [[{}, stages.signals]])
  text.add('cws_recorder_used_bytes', 'Memory of the flight recorder that holds something.', [[{}, recorder.used_bytes]])
  text.add('cws_recorder_noted_total', 'Events that the flight recorder was told.', [[{}, recorder.noted]])
  text.add('cws_recorder_pushed_out_bytes_total', 'What the flight recorder gave up before a minute was over.', [
    [{}, recorder.pushed_out_bytes],
  ])
  text.add('cws_recorder_signals_skipped_total', 'Signals without evidence, since too many opened at once.', [
    [{}, recorder.signals_skipped],
  ])
  text.add('cws_signals_open', 'Signals whose window is not over.', [[{}, stages.open_signals]])
}

function aboutPlugins(text: MetricsText, { plugins, faults }: AgentStatus): void {
  text.add(
    'cws_plugin_state',
    'State of a plugin: 1 for the one it is in.',
    plugins.flatMap(({ name, state }) => PLUGIN_STATES.map((each): Sample => [{ plugin: name, state: each }, Number(each === state)])),
  )
  text.add(
    'cws_plugin_faults_total',
    'Errors that plugins threw.',
    Object.entries(faults).map(([plugin, count]) => [{ plugin }, count]),
  )
}

function aboutDelivery(text: MetricsText, { delivery }: AgentStatus): void {
  if (!delivery) return
  const {
    opened,
    signalsWaiting,
    signalsDropped,
    restarts,
    stored,
    storeError,
    signalsRemoved,
    eventsDropped,
    evidenceRemoved,
    evidenceDropped,
    outputBytes,
  } = delivery
  text.add(
    'cws_signals_total',
    'Signals that opened, by the severity they had then.',
    severities.map((severity, rank) => [{ severity }, opened[rank] ?? 0]),
  )
  text.add('cws_signals_waiting', 'Signals that wait for a delivery thread that can store them.', [[{}, signalsWaiting]])
  text.add('cws_signals_dropped_total', 'Signals that were too many to wait.', [[{}, signalsDropped]])
  text.add('cws_delivery_restarts_total', 'Delivery threads that died and were replaced.', [[{}, restarts]])
  text.add('cws_store_up', 'Whether the store takes signals.', [[{}, Number(storeError === undefined)]])
  text.add('cws_store_writes_total', 'Revisions of signals that were stored.', [[{}, stored]])
  text.add('cws_store_removed_total', 'Signals that left the store to make room, or that it could not take.', [[{}, signalsRemoved]])
  text.add('cws_evidence_removed_total', 'Parts of the evidence of signals that left the store to make room.', [[{}, evidenceRemoved]])
  text.add('cws_evidence_dropped_total', 'Parts of the evidence of signals that could not be stored.', [[{}, evidenceDropped]])
  text.add('cws_output_events_dropped_total', 'Lines of events that found no room at stdout.', [[{}, eventsDropped]])
  text.add('cws_output_bytes_total', 'Bytes written to stdout.', [[{}, outputBytes]])
  const { heartbeat } = delivery
  if (heartbeat) {
    const { last, sent, withheld, failed } = heartbeat
    text.add(
      'cws_heartbeats_total',
      'Beats to the watcher outside: sent, withheld by the auditor, not taken by the watcher.',
      Object.entries({ sent, withheld, failed }).map(([result, count]) => [{ result }, count]),
    )
    text.add('cws_heartbeat_up', 'Whether the last beat arrived.', [[{}, Number(last === 'sent')]])
  }
  const destinations = Object.entries(delivery.destinations)
  text.add(
    'cws_destination_up',
    'Whether deliveries to a destination arrive.',
    destinations.map(([destination, { state }]) => [{ destination }, Number(state === 'ok')]),
  )
  text.add(
    'cws_deliveries_total',
    'Deliveries that arrived, and those that were given up.',
    destinations.flatMap(([destination, { delivered, failed }]): Sample[] => [
      [{ destination, result: 'delivered' }, delivered],
      [{ destination, result: 'failed' }, failed],
    ]),
  )
  text.add(
    'cws_deliveries_pending',
    'Deliveries that are owed.',
    destinations.map(([destination, { pending }]) => [{ destination }, pending]),
  )
  text.add(
    'cws_deliveries_held_back',
    'Deliveries that wait since a destination was sent as much as it takes.',
    destinations.map(([destination, { heldBack }]) => [{ destination }, heldBack]),
  )
  text.add(
    'cws_template_failures_total',
    'Messages made in the usual words, since the template of their rule failed.',
    destinations.map(([destination, { templateFailures }]) => [{ destination }, templateFailures]),
  )
}

/** Writes the text format, version 0.0.4. */
class MetricsText {
  readonly #lines: string[] = []

  add(name: string, help: string, samples: readonly Sample[]): void {
    if (samples.length === 0) return
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`)
    for (const [labels, value] of samples) this.#lines.push(`${name}${labelsText(labels)} ${value}`)
  }

  end(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (it) => ESCAPES[it] as string)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
