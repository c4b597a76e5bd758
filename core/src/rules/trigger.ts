/**
 * What has a rule fire for real, as data: `cws rules simulate` does it, and the tests of a pack. Nothing that is named is done: programs are
 * copies of /bin/true, or end before they begin. All that is made is removed.
 */
export type Trigger = (RunTrigger | MakeTrigger | ReadTrigger) & {
  /** Why it is not done on a host that matters: `simulate` refuses, tests do it on a host of their own. Absent if it harms nobody. */
  readonly harm?: string
}

/** A program runs. */
export interface RunTrigger {
  /** A file name: a copy of `copyOf` runs under it. A path: that program runs. The working directory is a new folder, which is removed. */
  readonly run: string
  /** /bin/true if absent, which takes any arguments and does nothing. */
  readonly copyOf?: string
  /** Permissions of the copy. */
  readonly mode?: number
  readonly args?: readonly string[]
  /** Its first argument, where that is not its path. Only where nothing of what follows starts it. */
  readonly argv0?: string
  readonly env?: Readonly<Record<string, string>>
  /** Starts it: a copy of the shell under this file name; of several each starts the next. */
  readonly below?: string | readonly string[]
  /** Where copies lie; the folder of temporary files if absent. */
  readonly folder?: string
  /** As nobody. */
  readonly unprivileged?: true
  /** With a terminal of its own. */
  readonly terminal?: true
  /** In a session of its own: some rules make one signal a session. */
  readonly session?: true
  /** In a control group that is called like that of a container, its copy in the upper layer of an overlay. */
  readonly container?: true
}

/** A file appears that was not there and holds a comment; it is removed when the signal has come. Its folder must be there. */
export interface MakeTrigger {
  readonly make: string
  /** Permissions, 0644 if absent: who reads such files as a user finds a comment, not an error. */
  readonly mode?: number
  /** A copy of the shell under this file name makes it. */
  readonly by?: string
  /** It is removed at once: that is what the rule looks for. */
  readonly removed?: true
}

/** A file is opened by a shell, and nothing of it read. */
export interface ReadTrigger {
  readonly read: string
  /** With these permissions it is made, and its folder, if it is not there; removed when the signal has come. */
  readonly madeWith?: number
  /** A copy of bash at this path reads it, which goes with the file: below a new folder, or an absolute path where nothing is. /bin/bash if absent. */
  readonly by?: string
}
