import { z } from 'zod'

/** A path in its one form: absolute, no `.`, `..`, `//` or slash at its end. */
const path = z
  .string()
  .max(4000)
  .regex(/^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+)$/, 'must be an absolute path without `.`, `..` or a slash at its end')

export const optionsSchema = z.strictObject({
  flavour: z.enum(['auto', 'fanotify']).default('auto').describe('How to watch: the best that works here, or this one alone'),
  paths: z
    .array(path.describe('A folder with all that is below it, or a file; it need not exist yet'))
    .min(1)
    .max(1000)
    .describe('What to watch'),
  maxFolders: z.int().min(1).max(200_000).default(8192).describe('Most folders that are watched; what lies beyond is told and not watched'),
})

export type Options = z.output<typeof optionsSchema>
