import { z } from 'zod'
import { durationMs } from './duration.ts'

/** Ids of rules, macros and variables: letters, digits and `_`; `-` besides, as in rules written in TypeScript. */
export const id = z
  .string({ error: ({ input }) => (input === undefined ? 'there is no id' : 'an id is a text') })
  .regex(/^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,254})$/, { error: 'letters, digits, `_` and `-` make an id' })

/** What YAML takes for a number or a truth value is a text where one is expected. */
export const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String)

export const texts = z.array(z.string())

/** Milliseconds. */
export const duration = z.union([z.string(), z.number()]).transform((value, ctx) => {
  const ms = durationMs(value)
  if (ms !== undefined) return ms
  ctx.issues.push({ code: 'custom', input: value, message: 'a duration is written like `1h30m` or `250ms`, or as nanoseconds' })
  return z.NEVER
})
