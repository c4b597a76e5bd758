import { FAN } from '@cws/native'

/** What `change.kind` says. */
export type Kind = 'created' | 'modified' | 'deleted' | 'renamed' | 'attributes' | 'linked'

/** What a record tells, in the order in which it must have happened: the kernel merges what one process does to one name. */
export function kindsOf(mask: number, nlink: number): readonly Kind[] {
  const kinds: Kind[] = []
  if (mask & FAN.CREATE) kinds.push(nlink > 1 && !(mask & FAN.ONDIR) ? 'linked' : 'created')
  if (mask & FAN.MODIFY) kinds.push('modified')
  if (mask & FAN.ATTRIB) kinds.push('attributes')
  if (mask & (FAN.RENAME | FAN.MOVED_FROM | FAN.MOVED_TO)) kinds.push('renamed')
  if (mask & FAN.DELETE) kinds.push('deleted')
  return kinds
}

/** Whether this is surely what came first of all that was merged: a file is there before anything else is done to it, unless it had gone before. */
export function isFirst(kind: Kind, mask: number): boolean {
  return kind === 'created' && (mask & FAN.DELETE) === 0
}
