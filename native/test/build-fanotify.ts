import { buildTest } from './build-test.ts'

const parts = [
  'fanotify',
  'fanotify_change',
  'fanotify_event',
  'change',
  'directories',
  'listed',
  'exec_marks',
  'order',
  'mounts',
  'mount_root',
  'mountinfo',
  'marks',
  'patterns',
  'wildcard',
]

/** Builds c/fanotify_test.c. @returns the program. */
export const buildFanotifyTest = (folder: string): string => buildTest(folder, 'fanotify_test', parts)
