import { SHARE_PIDS } from './pid-namespace.ts'

/** What a flavour may be unable to see. `cws doctor` tells those of the flavour that runs, and the tests try each. */
export const GAPS = {
  mapping: 'writes by a memory mapping alone',
  links: 'a watched folder that lies behind a symbolic link',
  found: 'who made what is in a folder that was made with content, or moved here',
  authors: 'who changed a file: inotify tells nobody',
  namespace: `who changed a file: this pid namespace is not the host’s; ${SHARE_PIDS}`,
  chance: 'who changed a file is known by chance only: no plugin that is listed before this one watches processes by eBPF',
  replaced: 'whether a name still stands for the file that changed: mode, owner and size are those of what has the name a moment later',
  unreadable: 'folders that this user may not read',
  gone: 'what was deleted in a folder that was deleted itself at once, where nothing had happened in it before',
  pairs: 'which old and new name of a rename belong together (needs Linux 5.17)',
} as const

export type Gap = keyof typeof GAPS

/** As a probe tells them. */
export const gapTexts = (gaps: readonly Gap[]): readonly string[] => gaps.map((gap) => GAPS[gap])
