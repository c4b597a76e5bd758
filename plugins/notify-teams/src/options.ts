import { httpOptions, rateOption, secret } from '@cws/core'
import { z } from 'zod'

/** Name or id of an account in Entra ID, as templates mention it. */
const ACCOUNT = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)$/i
/** Stands in a text that Teams takes for Markdown: letters and what names have besides. */
const NAME = /^\p{L}[\p{L}\p{N} .,'’-]{0,62}[\p{L}\p{N}.]$/u

export const options = z.strictObject({
  webhook: secret('URL of the workflow that posts to the channel or chat: whoever has it can post'),
  mentions: z
    .record(
      z.string().max(128).regex(ACCOUNT, 'a user principal name (ann@example.com) or the id of an account in Entra ID'),
      z.string().regex(NAME, 'the name of a person: letters, digits, spaces and .,’-'),
    )
    .refine((people) => Object.keys(people).length <= 100, 'at most 100 people')
    .refine((people) => new Set(Object.values(people)).size === Object.keys(people).length, 'each with a name of their own')
    .default({})
    .describe('Whom templates may call: the account (name or id in Entra ID) and the name that is shown'),
  rate: rateOption({ burst: 20, perMinute: 60 }),
  ...httpOptions,
})

export type TeamsOptions = z.output<typeof options>
