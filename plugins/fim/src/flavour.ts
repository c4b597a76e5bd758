import type { Probe } from '@cws/core'
import type { ChangeOptions, ChangeSource, Drain, SharedDrain } from '@cws/native'

/** One way to see what changes: whether it works here, and its source of records. */
export interface FileFlavour {
  readonly name: 'fanotify' | 'inotify'
  /** `shared`: the drain that processes come through, if any. */
  probe(shared: SharedDrain | undefined): Probe
  open(drain: Drain, options: ChangeOptions): ChangeSource
}
