import type { Probe } from '@cws/core'
import type { ChangeOptions, ChangeSource, Drain, SharedDrain } from '@cws/native'

/** One way to see what changes: whether it works here, and its source of records. */
export interface FileFlavour {
  readonly name: 'fanotify' | 'fanotify-filesystem' | 'inotify'
  /** As of a `Flavour`. */
  readonly lacks?: Readonly<Record<string, readonly string[]>>
  /** It marks file systems instead of folders. */
  readonly whole?: true
  /** With more folders than it may mark another does better, if one may be chosen. */
  readonly yields?: true
  /** `shared`: the drain that processes come through, if any. */
  probe(shared: SharedDrain | undefined): Probe
  open(drain: Drain, options: ChangeOptions): ChangeSource
}
