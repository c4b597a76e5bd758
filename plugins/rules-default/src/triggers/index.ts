import type { Trigger } from '@cws/core'
import { containerTriggers } from './containers.ts'
import { changeTriggers, openTriggers } from './files.ts'
import { programTriggers } from './programs.ts'
import { serverTriggers } from './servers.ts'

/** What has each rule fire for real, by its id: for `cws rules simulate`, and for the tests. */
export const triggers: Readonly<Record<string, Trigger>> = {
  ...serverTriggers,
  ...programTriggers,
  ...containerTriggers,
  ...changeTriggers,
  ...openTriggers,
}
