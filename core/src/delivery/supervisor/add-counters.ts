import { severities } from '../../signals/severity.ts'
import type { DestinationCounters, HeartbeatCounters, ThreadCounters } from '../protocol.ts'

export const noCounters: ThreadCounters = {
  signals: 0,
  opened: severities.map(() => 0),
  stored: 0,
  storeError: undefined,
  signalsRemoved: 0,
  evidenceRemoved: 0,
  eventsDropped: 0,
  evidenceDropped: 0,
  outputBytes: 0,
  bufferBytes: 0,
  destinations: {},
}

/** What the threads before and the one now did together: numbers add up, states are those of now. */
export function addCounters(past: ThreadCounters, now: ThreadCounters, eventsDropped = 0): ThreadCounters {
  const names = new Set([...Object.keys(past.destinations), ...Object.keys(now.destinations)])
  return {
    signals: past.signals + now.signals,
    opened: past.opened.map((count, rank) => count + (now.opened[rank] ?? 0)),
    stored: past.stored + now.stored,
    storeError: now.storeError,
    signalsRemoved: past.signalsRemoved + now.signalsRemoved,
    evidenceRemoved: past.evidenceRemoved + now.evidenceRemoved,
    eventsDropped: past.eventsDropped + now.eventsDropped + eventsDropped,
    evidenceDropped: past.evidenceDropped + now.evidenceDropped,
    outputBytes: past.outputBytes + now.outputBytes,
    bufferBytes: now.bufferBytes,
    heartbeat: now.heartbeat && addHeartbeat(past.heartbeat, now.heartbeat),
    destinations: Object.fromEntries([...names].map((name) => [name, addDestination(past.destinations[name], now.destinations[name])])),
  }
}

function addHeartbeat(past: HeartbeatCounters | undefined, now: HeartbeatCounters): HeartbeatCounters {
  if (!past) return now
  return { ...now, sent: past.sent + now.sent, withheld: past.withheld + now.withheld, failed: past.failed + now.failed }
}

function addDestination(past: DestinationCounters | undefined, now: DestinationCounters | undefined): DestinationCounters {
  if (!past || !now) return (now ?? past) as DestinationCounters
  const [delivered, failed, refused] = [past.delivered + now.delivered, past.failed + now.failed, past.refused + now.refused]
  const templateFailures = past.templateFailures + now.templateFailures
  return { ...now, delivered, failed, refused, templateFailures, templateError: now.templateError ?? past.templateError }
}
