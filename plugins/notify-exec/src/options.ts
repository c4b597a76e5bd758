import { normalize } from 'node:path'
import { z } from 'zod'

const id = (whose: string) =>
  z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional()
    .describe(`${whose} that the program runs as: a number, not 0. uid and gid go together`)

export const options = z
  .strictObject({
    command: z
      .array(
        z
          .string()
          .max(4_000)
          .refine((text) => !text.includes('\0'), 'must hold no zero byte'),
      )
      .min(1)
      .max(64)
      .refine(([program = '']) => program.startsWith('/') && normalize(program) === program, {
        path: [0],
        error: 'the program must be an absolute path without . and ..',
      })
      .describe('The program by its absolute path, and its arguments: as they stand here, for no shell reads them'),
    mode: z
      .enum(['every', 'latest'])
      .default('every')
      .describe('every: it is run for each revision, in order; latest: for the newest one, what nobody was told yet is overtaken'),
    timeout: z.int().min(100).max(14_000).default(10_000).describe('Milliseconds for one run; then it and all that it started are killed'),
    concurrency: z.int().min(1).max(4).default(1).describe('How many of it run at a time, for different signals'),
    uid: id('The user'),
    gid: id('The group'),
  })
  .refine(({ uid, gid }) => (uid === undefined) === (gid === undefined), 'uid and gid go together')

export type ExecOptions = z.output<typeof options>
