import { type ProcessTracker, UNKNOWN } from '@cws/core'
import type { ProcessSensor } from './sensor.ts'

const NOBODY = -1
const OWN = new Set<string>(['exec', 'fork', 'exit'])
/** Sources without a clock of their own stamp whole milliseconds: the event happened somewhere in that one. */
const MS_NS = 1_000_000n

/** Says who did what: for the sensor's own records the process they are about, for all other events the image that the pid had at the time. */
export function trackerOf(sensor: ProcessSensor, onRelease: ProcessTracker['onRelease']): ProcessTracker {
  const { table, images, clock } = sensor
  return {
    ownRecords: true,
    locate(event) {
      if (event.cursor >= 0 && OWN.has(event.type)) return images.live.node || NOBODY
      if (event.pid === undefined) return NOBODY
      if (table.find(event.pid) === 0) sensor.loadMissing(event.pid)
      const wall: unknown = event.get('event.timestamp')
      if (wall === UNKNOWN || typeof wall !== 'bigint') return table.find(event.pid) || NOBODY
      const end = wall % MS_NS === 0n ? wall + MS_NS - 1n : wall
      return table.imageAt(event.pid, clock.toBoot(end)) || NOBODY
    },
    processOf: (actor) => table.nodes.serial[actor] as number,
    onRelease,
    images: {
      parent: (actor) => {
        const parent = table.parentOf(actor)
        return parent === 0 ? 0 : (table.nodes.image[parent] as number)
      },
      above: (actor) => sensor.lineage.above(actor).map((node) => table.nodes.image[node] as number),
    },
  }
}
