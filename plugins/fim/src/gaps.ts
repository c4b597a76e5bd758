/** What a flavour may be unable to see. `cws doctor` tells those of the flavour that runs, and the tests try each. */
export const GAPS = {
  mapping: 'writes by a memory mapping alone',
  links: 'a watched folder that lies behind a symbolic link',
  moves: 'that a watched folder is moved by renaming a folder more than one above it',
  found: 'who made what is in a folder that was made with content, or moved here',
  authors: 'who changed a file, and folders that may not be read (needs CAP_SYS_ADMIN)',
  namespace: 'who changed a file: this pid namespace is not the host’s',
  chance: 'who changed a file is known by chance only: no plugin that is listed before this one watches processes by eBPF',
  pairs: 'which old and new name of a rename belong together (needs Linux 5.17)',
} as const

export type Gap = keyof typeof GAPS

/** As a probe tells them. */
export const gapTexts = (gaps: readonly Gap[]): readonly string[] => gaps.map((gap) => GAPS[gap])
