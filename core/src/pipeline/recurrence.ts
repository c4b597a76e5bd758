import type { EventDefinition } from '../model/define-event.ts'
import { sourceOf } from '../model/derive.ts'
import type { LiveEvent } from '../model/event-class.ts'
import type { Recurrence } from '../model/recurrence.ts'
import type { Readers } from '../plugin/source.ts'
import type { Actor, Lineages } from '../plugin/tracker.ts'
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
 * Which fields of the events of a feed follow from the lineage of their process, and of events that are about a process, from how it was started:
 * those that the tracker itself provides. Not what a feed reads from its own records, nor what another plugin provides; and nothing of events that
 * come as objects, each of whose fields may say something else.
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
  const { readers } = feed
  const blocks = definition.mirrors === 'process' ? ['process', definition.type] : ['process']
  const numbered = (names: readonly string[], of: (actor: Actor) => number): Recurrence => {
    const fields = new Set(names.filter(isTracked))
    // What follows from one of them follows from the number too, unless somebody says otherwise.
    for (const [name, { derived }] of definition.fields)
      if (derived && fields.has(sourceOf(name, derived)) && !readers[name] && !providers.find(definition.type, name)) fields.add(name)
    return {
      fields,
      of: (event) => {
        const { actor } = event as unknown as LiveEvent
        return actor < 0 ? 0 : of(actor)
      },
    }
  }
  const ofLineage = [...lineages.fields].flatMap((name) => [
    ...[...blocks, 'process.parent', 'process.ancestors'].map((block) => `${block}.${name}`),
    ...(name === 'container.id' || name === 'cgroup.id' ? [name] : []),
  ])
  const byLineage = numbered(ofLineage, (actor) => lineages.of(actor))
  const { commands } = lineages
  if (!commands || definition.mirrors !== 'process') return byLineage
  const ofCommand = [...commands.fields].flatMap((name) => blocks.map((block) => `${block}.${name}`))
  return { ...byLineage, finer: numbered([...ofLineage, ...ofCommand], (actor) => commands.of(actor)) }
}
