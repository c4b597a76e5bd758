import { SHARE_PIDS } from '../pid-namespace.ts'

/** What the opens sensor cannot see, as `cws doctor` tells it. */
export const OPENS_GAPS = {
  flags: 'how a file was opened (`open.flags`), and opens that were refused',
  replaced: 'opens in the first millisecond after a file took the place of a listed one, or appeared',
  again: 'that a process opened the same file once more within a few milliseconds, be it as another program',
  links: 'files that lie behind a symbolic link, by that path',
  namespace: `who opened a file: this pid namespace is not the host’s; ${SHARE_PIDS}`,
  chance: 'who opened a file is known by chance only: no plugin that is listed before this one watches processes by eBPF',
} as const

export type OpensGap = keyof typeof OPENS_GAPS
