import type { EventDefinition } from '../model/define-event.ts'
import { sourceOf } from '../model/derive.ts'
import type { LiveEvent } from '../model/event-class.ts'
import type { Recurrence } from '../model/recurrence.ts'
import type { Readers } from '../plugin/source.ts'
import type { Lineages } from '../plugin/tracker.ts'
import type { FieldProviders } from './field-providers.ts'

/** Who feeds events, and how. */
interface Feed {
  readonly plugin: string | undefined
  readonly readers: Readers | undefined
}

/** Who keeps the process tree. */
interface Tree {
  readonly plugin: string | undefined
  readonly lineages: Lineages | undefined
}

/**
 * Which fields of the events of a feed follow from the lineage of their process: those that the tracker itself provides. What a feed reads from
 * its own records, or another plugin provides, it does not; of events that come as objects any field may.
 */
export function recurrenceOf(
  definition: EventDefinition,
  feed: Feed,
  { plugin, lineages }: Tree,
  providers: FieldProviders,
): Recurrence | undefined {
  if (!lineages || plugin === undefined || !feed.readers) return undefined
  const isTracked = (name: string) =>
    definition.fields.has(name) &&
    (feed.readers?.[name] ? feed.plugin === plugin : providers.find(definition.type, name)?.plugin === plugin)
  const fields = new Set<string>()
  const add = (name: string) => {
    if (isTracked(name)) fields.add(name)
  }
  for (const name of lineages.fields) {
    for (const block of ['process', 'process.parent', 'process.ancestors']) add(`${block}.${name}`)
    if (definition.mirrors === 'process') add(`${definition.type}.${name}`)
    if (name === 'container.id' || name === 'cgroup.id') add(name)
  }
  // What follows from one of them follows from the lineage too, unless somebody says otherwise.
  for (const [name, { derived }] of definition.fields)
    if (derived && fields.has(sourceOf(name, derived)) && !feed.readers[name] && !providers.find(definition.type, name)) fields.add(name)
  return {
    fields,
    of: (event) => {
      const { actor } = event as unknown as LiveEvent
      return actor < 0 ? 0 : lineages.of(actor)
    },
  }
}
