import type { ProcessTracker } from '@cws/core'
import { authorOf } from './author.ts'
import { imageText } from './fields/image-text.ts'
import { pastOf } from './past.ts'
import type { ProcessSensor } from './sensor.ts'
import { COMMAND_FIELDS } from './table/commands.ts'
import { KIND_FIELDS } from './table/kinds.ts'

const NOBODY = -1
const OWN = new Set<string>(['exec', 'fork', 'exit'])

/** Says who did what: for the sensor's own records the process they are about, for all other events the image that the pid had at the time. */
export function trackerOf(sensor: ProcessSensor, onRelease: ProcessTracker['onRelease']): ProcessTracker {
  const { table, images } = sensor
  return {
    ownRecords: true,
    locate(event) {
      if (event.cursor >= 0 && OWN.has(event.type)) return images.live.node || NOBODY
      if (event.pid === undefined) return NOBODY
      if (table.find(event.pid) === 0) sensor.loadMissing(event.pid)
      return authorOf(sensor, event).node || NOBODY
    },
    processOf: (actor) => table.nodes.serial[actor] as number,
    onRelease,
    lineages: {
      fields: KIND_FIELDS,
      of: (actor) => (sensor.isSnapshot ? 0 : table.lineages.of(actor)),
      commands: { fields: COMMAND_FIELDS, of: (actor) => (sensor.isSnapshot ? 0 : table.commands.of(actor)) },
    },
    past: pastOf(sensor),
    images: {
      parent: (actor) => {
        const parent = table.parentOf(actor)
        return parent === 0 ? 0 : (table.nodes.image[parent] as number)
      },
      text: imageText(images, sensor.fields),
      above: (actor) => sensor.lineage.above(actor).map((node) => table.nodes.image[node] as number),
    },
  }
}
