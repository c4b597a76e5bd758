import { normalize } from 'node:path'
import { forms } from '@cws/core'
import { z } from 'zod'

export const options = z.strictObject({
  path: z
    .string()
    .max(4_000)
    .refine((path) => path.startsWith('/') && normalize(path) === path && !path.endsWith('/'), 'must be an absolute path without . and ..')
    .refine((path) => !path.includes('\0'), 'must hold no zero byte')
    .describe('File that signals are appended to; its folder must be there, and nobody but root may write to it'),
  format: z.enum(forms).default('native').describe('What a line is: the signal as CWS writes it, or in the form of a standard'),
  maxSize: z
    .int()
    .min(64 * 1024)
    .max(2 ** 40)
    .default(64 * 1024 * 1024)
    .describe('Bytes after which the file is renamed to PATH.1, and a new one begun'),
  keep: z
    .int()
    .min(0)
    .max(1_000)
    .default(8)
    .describe('How many of the renamed files are kept: PATH.1 is the newest. 0: the file is not renamed'),
})

export type FileOptions = z.output<typeof options>
