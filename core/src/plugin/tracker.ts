import type { Event } from '../model/event.ts'
import type { Draft } from '../recorder/entry.ts'

/** Handle of a process image in the tracker's own table; -1 is nobody. Valid while an event is dispatched, and between `locate` and `release` for `ctx.per`. */
export type Actor = number

/**
 * Who keeps the process tree. At most one in a composition. It sees every event first (see `ownRecords`) and says who did it; its field providers then read
 * `event.actor`.
 */
export interface ProcessTracker {
  /** The tree is kept from records of the tracker's own sensor: of events that nobody else looks at it need not hear. */
  readonly ownRecords?: true
  /** Updates the tree with this event (exec, fork, exit) and returns its acting process, -1 if unknown. */
  locate(event: TrackedEvent): Actor
  /** A number that stays the same for all images of one process and is not reused while it lives: what `ctx.per('process')` keys by. */
  processOf(actor: Actor): number
  /** Calls back when a process is gone for good, so that what was kept for it is freed. */
  onRelease(callback: (process: number) => void): void
  /** Lets what is written of parents and ancestors be used again, for ten seconds at most; without it all is read for each signal. */
  readonly images?: Images
  /** Lets what follows from who did it be found out once for all events of a lineage. */
  readonly lineages?: Lineages
  /** Lets the flight recorder remember by session, and the tracker's own records without an event being made of them. */
  readonly past?: TrackedPast
}

/** Numbers for process images with all that stands above them. */
export interface Lineages {
  /**
   * Names below the process block. Of two actors of one number these fields say the same, and so do those of their parents and of each of their
   * ancestors, as long as the agent runs: a number is never used for anything else.
   */
  readonly fields: ReadonlySet<string>
  /** 0: that is not known. */
  of(actor: Actor): number
  /** The same with what images were started with: their arguments and environment. */
  readonly commands?: Commands
}

/** Numbers for what recurs of starts: two actors of one number are of one lineage, and were told the same. */
export interface Commands {
  /** Names below the process block that say the same of two actors of one number, besides those of their lineage; of parents and ancestors they may differ. */
  readonly fields: ReadonlySet<string>
  /** 0: it has not recurred, or is not known. */
  of(actor: Actor): number
}

/**
 * What a tracker tells the flight recorder. A session is begun by its leader's exec; a family is all that descends from one child of init. Both
 * are named by the number of the process that began them. Nobody may begin a family by himself: memory is shared out among them.
 */
export interface TrackedPast {
  /** What the numbers of processes are the numbers of: another object, other numbers. */
  readonly numbers: object
  /** Fills in process, parent, session, family and pid, all of them, and, where it is known, the path of the actor's image. */
  who(actor: Actor, draft: Draft): void
  /** Fills in all of the own record under dispatch. False: nothing is noted of it. */
  own(type: string, draft: Draft): boolean
}

/** Numbers that stand for process images as they are known now: never used for another image, nor for the same one once more is known of it. */
export interface Images {
  /** The image of the parent; 0 if unknown. */
  parent(actor: Actor): number
  /** The images above, nearest first: as many as `process.ancestors` has elements. */
  above(actor: Actor): readonly number[]
  /** Writes an image at one go; without it its fields are read one by one. */
  readonly text?: ImageText
}

/** An image as the members of its block in JSON, which are what the providers of its fields would say. */
export interface ImageText {
  /** What it writes, by the names of fields below the block. */
  readonly fields: ReadonlySet<string>
  /** Those of them whose values it shows as `redact` gives them. */
  readonly redacted: ReadonlySet<string>
  /** Undefined: this one is to be read field by field. */
  write(actor: Actor, redact: (field: string, value: unknown) => unknown): string | undefined
}

/** An event with its acting process. `cursor` is what the source passed to `emit`, -1 for events from objects. */
export type TrackedEvent = Event & { readonly actor: Actor; readonly cursor: number; readonly pid: number | undefined }
