import type { LoadedInstance } from '../config/load-composition.ts'
import { mannerOf } from '../plugin/manner.ts'
import type { DestinationSpec } from './protocol.ts'

/** The notifiers among the instances of a configuration that was checked, as they cross to the delivery thread. */
export function destinationsOf(instances: readonly LoadedInstance[]): readonly DestinationSpec[] {
  return instances.flatMap(({ instance: { name, kind, site, definition }, options }) =>
    kind === 'notifier' ? [{ name, site, options, manner: mannerOf(definition, options) }] : [],
  )
}
