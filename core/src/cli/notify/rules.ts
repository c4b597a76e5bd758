import type { DeliveryComposition } from '../../delivery/protocol.ts'
import { composition } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import type { ConfigOption } from '../options.ts'

/** What a configuration says of delivery, as an agent would take it. @throws CwsError saying what is wrong with it */
export async function deliveryRules(options: ConfigOption, distribution: Distribution): Promise<DeliveryComposition> {
  const { compositionOf } = await import('../../delivery/delivery.ts')
  const { destinationsOf } = await import('../../delivery/destinations-of.ts')
  const { instances, notifications } = await composition(options, distribution)
  return compositionOf({
    destinations: destinationsOf(instances),
    notifications,
    events: instances.flatMap(({ instance }) => instance.definition.events ?? []),
  })
}
