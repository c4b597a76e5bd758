import { z } from 'zod'

/**
 * What Slack accepts of a message, from its published reference of blocks and of chat.postMessage: closed objects, so that a field it does
 * not know is found here and not in a channel.
 */
const plain = (max: number) => z.strictObject({ type: z.literal('plain_text'), text: text(max), emoji: z.boolean().optional() })
const mrkdwn = (max: number) => z.strictObject({ type: z.literal('mrkdwn'), text: text(max), verbatim: z.boolean().optional() })
const text = (max: number) =>
  z
    .string()
    .min(1)
    .refine((it) => it.isWellFormed(), 'a lone surrogate')
    .refine((it) => stored(it) <= max, `more than ${max} characters as stored`)

/** Slack stores these three as entities. What is an entity already is counted once more: the worst case. */
const stored = (it: string): number => it.replace(/&/g, '&amp;').replace(/[<>]/g, '&lt;').length

const style = z.strictObject({
  bold: z.boolean().optional(),
  italic: z.boolean().optional(),
  strike: z.boolean().optional(),
  code: z.boolean().optional(),
})
const richText = z.strictObject({ type: z.literal('text'), text: text(3_000), style: style.optional() })
const richLink = z.strictObject({
  type: z.literal('link'),
  url: z.url({ protocol: /^https?$/ }).max(3_000),
  text: text(3_000).optional(),
  style: style.optional(),
})
const inline = z.union([
  richText,
  richLink,
  z.strictObject({ type: z.literal('user'), user_id: z.string().regex(/^[UW][A-Z0-9]{2,20}$/) }),
  z.strictObject({ type: z.literal('usergroup'), usergroup_id: z.string().regex(/^S[A-Z0-9]{2,20}$/) }),
  z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']) }),
])
const section = z.strictObject({ type: z.literal('rich_text_section'), elements: z.array(inline).min(1) })
const rich = z.union([
  section,
  z.strictObject({ type: z.literal('rich_text_preformatted'), elements: z.array(z.union([richText, richLink])).min(1) }),
  z.strictObject({ type: z.literal('rich_text_quote'), elements: z.array(inline).min(1) }),
  z.strictObject({
    type: z.literal('rich_text_list'),
    style: z.enum(['bullet', 'ordered']),
    indent: z.int().min(0).max(8).optional(),
    offset: z.int().min(0).optional(),
    elements: z.array(section).min(1),
  }),
])

export const blockSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z.strictObject({
    type: z.literal('context'),
    elements: z
      .array(z.union([plain(3_000), mrkdwn(3_000)]))
      .min(1)
      .max(10),
  }),
  z.strictObject({ type: z.literal('section'), text: z.union([plain(3_000), mrkdwn(3_000)]) }),
  z.strictObject({ type: z.literal('rich_text'), elements: z.array(rich).min(1) }),
])
export type SlackBlock = z.output<typeof blockSchema>

export const messageSchema = z.strictObject({
  text: z.string().max(4_000),
  blocks: z
    .array(blockSchema)
    .max(50)
    .refine((blocks) => stored(wordsIn(blocks).join('')) <= 12_000, 'more than 12,000 characters in all blocks')
    .optional(),
  metadata: z
    .strictObject({ event_type: z.string().min(1).max(255), event_payload: z.record(z.string(), z.union([z.string(), z.number()])) })
    .optional(),
  parse: z.enum(['none', 'full', 'client']).optional(),
  link_names: z.boolean().optional(),
  unfurl_links: z.boolean().optional(),
  unfurl_media: z.boolean().optional(),
  mrkdwn: z.boolean().optional(),
})
export type Message = z.output<typeof messageSchema>

/** Every text in blocks, addresses too: what counts against the limit of a message. */
export function wordsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'text' || key === 'url') && typeof inner === 'string' ? [inner] : wordsIn(inner),
  )
}
