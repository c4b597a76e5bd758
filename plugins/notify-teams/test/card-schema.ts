import { z } from 'zod'

/**
 * What Teams takes of a workflow's message: the published schema of Adaptive Cards 1.2 as far as these messages use it, as closed objects, so that a field
 * that it does not know is found here.
 */
const text = z
  .string()
  .min(1)
  .refine((it) => it.isWellFormed(), 'a lone surrogate')
const openUrl = z.strictObject({ type: z.literal('Action.OpenUrl'), url: z.url({ protocol: /^https?$/ }) })
const size = z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge'])
const spacing = z.enum(['None', 'Small', 'Default', 'Medium', 'Large', 'ExtraLarge', 'Padding'])
const run = z.strictObject({
  type: z.literal('TextRun'),
  text,
  weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
  italic: z.boolean().optional(),
  fontType: z.enum(['Default', 'Monospace']).optional(),
  size: size.optional(),
  isSubtle: z.boolean().optional(),
  selectAction: openUrl.optional(),
})
const richTextBlock = z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(run).min(1), spacing: spacing.optional() })
const textBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text,
  wrap: z.boolean().optional(),
  size: size.optional(),
  isSubtle: z.boolean().optional(),
  spacing: spacing.optional(),
})
const container = z.strictObject({
  type: z.literal('Container'),
  style: z.enum(['default', 'emphasis', 'good', 'attention', 'warning', 'accent']).optional(),
  bleed: z.boolean().optional(),
  get items(): z.ZodArray<z.ZodDiscriminatedUnion<[typeof richTextBlock, typeof textBlock, typeof container]>> {
    return z.array(z.discriminatedUnion('type', [richTextBlock, textBlock, container])).min(1)
  },
})
const element = z.discriminatedUnion('type', [richTextBlock, textBlock, container])
export type CardElement = z.output<typeof element>
export type Run = z.output<typeof run>

const card = z.strictObject({
  type: z.literal('AdaptiveCard'),
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  version: z.literal('1.2'),
  msteams: z.strictObject({
    width: z.literal('Full').optional(),
    entities: z
      .array(
        z.strictObject({
          type: z.literal('mention'),
          text: z.string().regex(/^<at>[^<>]+<\/at>$/),
          mentioned: z.strictObject({ id: text, name: text }),
        }),
      )
      .min(1)
      .optional(),
  }),
  body: z.array(element).min(1),
})

export const messageSchema = z.strictObject({
  type: z.literal('message'),
  attachments: z.tuple([
    z.strictObject({ contentType: z.literal('application/vnd.microsoft.card.adaptive'), contentUrl: z.null(), content: card }),
  ]),
})
export type Message = z.output<typeof messageSchema>
