import { type FieldProvider, UNKNOWN } from '@cws/core'
import type { Node } from '../table/nodes.ts'
import type { Get } from './file-fields.ts'
import type { Images } from './images.ts'
import type { Lineage } from './lineage.ts'

type Providers = Record<string, FieldProvider>

/**
 * The fields that every event with a known actor has: `process.*`, `process.parent.*`, `process.ancestors.*`, `container.id`, `cgroup.id`.
 * Where the lineage is not known to its root, the arrays of `process.ancestors` end in UNKNOWN: whether something else stood there is open.
 */
export function actorProviders(images: Images, fields: Readonly<Record<string, Get>>, lineage: Lineage): Providers {
  const { table } = images
  const providers: Providers = {
    'container.id': (event) => (event.actor < 0 ? UNKNOWN : images.containerId(event.actor)),
    'cgroup.id': (event) => (event.actor < 0 ? UNKNOWN : (fields['cgroup.id'] as Get)(event.actor)),
    'process.ancestors.length': (event) => (event.actor < 0 ? UNKNOWN : lineage.above(event.actor).length),
    'process.ancestors.same_pid': overLineage(lineage, (node, event) => table.nodes.serial[node] === table.nodes.serial[event.actor]),
  }
  for (const [name, get] of Object.entries(fields)) {
    providers[`process.${name}`] = (event) => (event.actor < 0 ? UNKNOWN : get(event.actor))
    providers[`process.parent.${name}`] = (event) => {
      const parent = event.actor < 0 ? 0 : table.parentOf(event.actor)
      return parent === 0 ? UNKNOWN : get(parent)
    }
    providers[`process.ancestors.${name}`] = overLineage(lineage, get)
  }
  return providers
}

function overLineage(lineage: Lineage, get: (node: Node, event: Parameters<FieldProvider>[0]) => unknown): FieldProvider {
  return (event) => {
    if (event.actor < 0) return UNKNOWN
    const values: unknown[] = []
    for (const node of lineage.above(event.actor)) values.push(get(node, event))
    if (lineage.isCut(event.actor)) values.push(UNKNOWN)
    return values
  }
}
