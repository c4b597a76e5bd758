import type { NotificationRule } from '../config/define-config.ts'
import { generationOf } from '../config/generation.ts'
import type { HeartbeatSettings } from '../config/heartbeat.ts'
import type { ModulePolicy } from '../config/module-hooks.ts'
import { type Monitoring, parseListen } from '../config/monitoring.ts'
import type { RecorderSettings } from '../config/recorder.ts'
import { destinationsOf } from '../delivery/destinations-of.ts'
import type { DeliveryPlan } from '../delivery/protocol.ts'
import type { LoadedInstance } from './runtime.ts'

/** A configuration that has passed every check. */
export interface AgentConfig {
  /** Its path; undefined for the preset. */
  readonly file: string | undefined
  readonly instances: readonly LoadedInstance[]
  readonly notifications: readonly NotificationRule[] | undefined
  /** Where `/healthz` and `/metrics` are served. */
  readonly monitoring?: Monitoring | undefined
  /** The watcher outside that is told that all is well. */
  readonly heartbeat?: HeartbeatSettings | undefined
  readonly recorder?: RecorderSettings | undefined
  /** The policy that it was loaded with: in the delivery thread its notifiers are found by it. */
  readonly modules: ModulePolicy
  readonly warnings: readonly string[]
}

/** What the delivery thread does by it. */
export function deliveryPlanOf({ instances, notifications, monitoring, heartbeat, modules }: AgentConfig): DeliveryPlan {
  const notifiers = instances.filter(({ instance }) => instance.kind === 'notifier')
  // The hooks for modules are heavy: that thread goes without where all notifiers come from installed packages.
  const inConfiguration = notifiers.some(({ instance }) => generationOf(instance.site.module) !== undefined)
  return {
    notifications,
    monitoring: monitoring && parseListen(monitoring.listen),
    heartbeat,
    modules: inConfiguration ? modules : undefined,
    events: instances.flatMap(({ instance }) => instance.definition.events ?? []),
    destinations: destinationsOf(instances),
  }
}
