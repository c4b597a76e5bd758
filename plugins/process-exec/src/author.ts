import { type TrackedEvent, UNKNOWN, type Unknown } from '@cws/core'
import type { ProcessSensor } from './sensor.ts'
import { NODE, type Node } from './table/nodes.ts'

/** Sources without a clock of their own stamp whole milliseconds: the event happened somewhere in that one. */
const MS_NS = 1_000_000n

/** The image that did it, 0 if unknown, and how sure that is. */
export interface Author {
  readonly node: Node
  /** UNKNOWN of events that do not say within what time they happened. */
  readonly certainty: 'exact' | 'window' | 'unknown' | Unknown
}

/**
 * Who did what another source saw. Where it knows only that the event lies between `event.not_before` and `event.timestamp`, the process may
 * have changed its image meanwhile: then the earliest that it can have been is named, never a later one.
 */
export function authorOf(sensor: ProcessSensor, event: Pick<TrackedEvent, 'pid' | 'get'>): Author {
  const { table, clock } = sensor
  const { nodes } = table
  const wall: unknown = event.get('event.timestamp')
  const after: unknown = event.get('event.not_before')
  const within = typeof after === 'bigint'
  if (event.pid === undefined) return { node: 0, certainty: within ? 'unknown' : UNKNOWN }
  if (typeof wall !== 'bigint') return { node: table.find(event.pid), certainty: UNKNOWN }
  const latest = table.imageAt(event.pid, clock.toBoot(wall % MS_NS === 0n ? wall + MS_NS - 1n : wall))
  if (!within) return { node: latest, certainty: UNKNOWN }
  if (latest === 0) return { node: 0, certainty: 'unknown' }
  const since = clock.toBoot(after)
  let node = latest
  while ((nodes.begin[node] as bigint) > since && nodes.earlier[node] !== 0) node = nodes.earlier[node] as Node
  const begin = nodes.begin[node] as bigint
  const stood = begin <= since && begin > sensor.lostUntil && !readLater(sensor, node, since)
  return { node, certainty: node === latest && stood ? 'exact' : 'window' }
}

/** Number of the image that the process is sure to have had between two moments, ns since boot; 0 if that is not sure. */
export function imageWithin(sensor: ProcessSensor, pid: number, since: bigint, until: bigint): number {
  const { clock, table } = sensor
  const times: Record<string, bigint> = { 'event.not_before': clock.toWall(since), 'event.timestamp': clock.toWall(until) }
  const { node, certainty } = authorOf(sensor, { pid, get: (field) => times[field] })
  return certainty === 'exact' ? (table.nodes.image[node] as number) : 0
}

/** An image that /proc showed is known from the moment of that look only, and once its process has ended that moment is forgotten. */
function readLater(sensor: ProcessSensor, node: Node, time: bigint): boolean {
  const { moment } = sensor.table.nodes
  const flags = sensor.table.nodes.flags[node] as number
  return (flags & NODE.SNAPSHOT) !== 0 && ((flags & NODE.EXITED) !== 0 || (moment[node] as number) > Number(time))
}
