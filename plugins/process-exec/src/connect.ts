import type { PluginContext } from '@cws/core'
import { authorOf } from './author.ts'
import { actorProviders } from './fields/providers.ts'
import { hostMounts, hostRoot } from './host.ts'
import { HeldLocks } from './packages/held-locks.ts'
import { PackageManagers } from './packages/package-managers.ts'
import { redactions, type Scrubber } from './scrub.ts'
import type { Feeds, ProcessSensor } from './sensor.ts'
import { trackerOf } from './tracker.ts'

/** Makes a sensor's events, fields and process tree known to a composition. */
export function connect(
  ctx: Pick<PluginContext, 'feed' | 'track' | 'fields' | 'redact'>,
  sensor: ProcessSensor,
  scrubber?: Scrubber,
): Feeds {
  // Of this composition alone: the table outlives it.
  const released: ((process: number) => void)[] = []
  ctx.track(trackerOf(sensor, (callback) => void released.push(callback)))
  ctx.fields('*', { 'process.certainty': (event) => authorOf(sensor, event).certainty })
  ctx.fields('*', actorProviders(sensor.images, sensor.fields, sensor.lineage))
  const packages = new PackageManagers(sensor.table, sensor.fields, new HeldLocks(hostRoot()), hostMounts())
  for (const [type, field] of [
    ['*', 'process.package_manager'],
    ['exec', 'exec.package_manager'],
  ] as const)
    ctx.fields(type, { [field]: (event) => packages.of(event.actor) })
  if (scrubber) ctx.redact(redactions(scrubber))
  return {
    exec: ctx.feed('exec', sensor.readers.exec),
    fork: ctx.feed('fork', sensor.readers.fork),
    exit: ctx.feed('exit', sensor.readers.exit),
    lost: ctx.feed('agent.lost_events'),
    released: (process) => {
      for (const callback of released) callback(process)
    },
  }
}
