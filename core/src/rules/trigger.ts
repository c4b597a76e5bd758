/**
 * What has a rule fire for real and harms nobody, as data: `cws rules simulate` does it. Nothing that is named is done: programs are copies of
 * /bin/true, or end before they begin. All that is made is removed.
 */
export type Trigger = RunTrigger | MakeTrigger

/** A program runs. */
export interface RunTrigger {
  /** A file name: a copy of /bin/true runs under it. A path: that program runs. */
  readonly run: string
  readonly args?: readonly string[]
  /** Its first argument, where that is not its path. */
  readonly argv0?: string
  readonly env?: Readonly<Record<string, string>>
  /** Starts it: a copy of the shell under this file name. */
  readonly below?: string
  /** Where copies lie; the folder of temporary files if absent. */
  readonly folder?: string
  /** In a session of its own. */
  readonly session?: true
}

/** A file appears that was not there and holds a comment; it is removed when the signal has come. */
export interface MakeTrigger {
  readonly make: string
}
