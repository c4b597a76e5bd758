import type { Field } from '../model/field.ts'

/** A mute as commands show it. Times are RFC 3339. */
export interface MuteView {
  readonly id: number
  readonly when: string
  readonly reason: string
  /** Who asked for it, as the command said. */
  readonly by: string
  readonly created: string
  /** Null: it never ends. */
  readonly until: string | null
  /** Null: it holds. */
  readonly ended: string | null
  /** Whether critical signals are muted too. */
  readonly critical: boolean
  /** Signals that somebody was not told of. */
  readonly muted: number
  /** Why it mutes nothing under this configuration. */
  readonly problem: string | null
}

/** What the agent, its rules and its host say, whatever is attacked. */
const OURS: ReadonlySet<string> = new Set(['rule.id', 'rule.name', 'severity', 'status', 'tags', 'host.name', 'count', 'event.type'])

/** Whether who attacks a host chooses the value of this field of a signal: texts of events, as paths, arguments and names, and what quotes them. */
export function chosenByOthers(name: string, field: Field | undefined): boolean {
  if (OURS.has(name)) return false
  return field === undefined || field.field === 'string' || field.field === 'path' || field.field === 'ip'
}
