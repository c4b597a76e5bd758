import { z } from 'zod'

/** A glob in its one form: absolute, no `.`, `..`, `//` or slash at its end, every `[` closed. */
const glob = z
  .string()
  .max(4000)
  .regex(/^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+)$/, 'must be an absolute path or pattern without `.`, `..` or a slash at its end')
  .refine((text) => text.split('/').length <= 60, 'has more than 60 parts')
  .refine(
    (text) => text.split('/').every((part) => !part.replace(/\[(?:[!^].|[^!^])[^\]]*\]/gs, '').includes('[')),
    'has a `[` without its `]`',
  )

export const optionsSchema = z.strictObject({
  flavour: z
    .enum(['auto', 'fanotify', 'fanotify-filesystem', 'inotify'])
    .default('auto')
    .describe('How to watch: the best that works here, or this one alone'),
  watch: z
    .array(
      glob.describe(
        'A path (of a folder: with all below it), or a pattern: `*`, `?` and `[a-z]` within one name, `**` for any number of folders; it need not exist yet',
      ),
    )
    .min(1)
    .max(1000)
    .describe('What to watch'),
  ignore: z
    .array(glob.describe('A path or pattern, as in `watch`; what is below an ignored folder is ignored too'))
    .max(1000)
    .default([])
    .describe('What of it not to watch'),
  opens: z
    .array(glob.describe('A path or pattern, as in `watch`'))
    .max(1000)
    .default([])
    .describe('Files whose opens are told, beside those that rules name'),
  maxFiles: z.int().min(1).max(200_000).default(8192).describe('Most files whose opens are told; what lies beyond is told and not watched'),
  maxFolders: z
    .int()
    .min(1)
    .max(200_000)
    .default(8192)
    .describe(
      'Most folders that are watched each by itself; with more of them whole file systems are, or else what lies beyond is told and not watched',
    ),
})

export type Options = z.output<typeof optionsSchema>
