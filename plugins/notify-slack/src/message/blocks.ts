import type { IncomingWebhookSendArguments } from '@slack/webhook'

type AnyBlock = NonNullable<IncomingWebhookSendArguments['blocks']>[number]
type BlockOf<T extends string> = Extract<AnyBlock, { readonly type: T }>

/** The blocks that messages are made of, in Slack's own types. */
export type MessageBlock = BlockOf<'header'> | BlockOf<'context'> | BlockOf<'section'> | BlockOf<'rich_text'>
export type ContextBlock = BlockOf<'context'>
export type ContextElement = ContextBlock['elements'][number]
export type RichTextBlock = BlockOf<'rich_text'>
export type RichElement = RichTextBlock['elements'][number]
export type RichSection = Extract<RichElement, { readonly type: 'rich_text_section' }>
export type RichInline = RichSection['elements'][number]
export type RichText = Extract<RichInline, { readonly type: 'text' }>
export type RichLink = Extract<RichInline, { readonly type: 'link' }>
export type Style = NonNullable<RichText['style']>

/** Slack's limits, characters unless they say otherwise (docs.slack.dev, reference of blocks and of chat.postMessage). */
export const LIMITS = {
  header: 150,
  section: 3_000,
  contextElements: 10,
  /** Of all blocks together. Documented for Markdown only; more than about 13,200 is refused as `msg_blocks_too_long`. */
  total: 12_000,
  blocks: 50,
  url: 3_000,
  /** Depth of lists. */
  indent: 8,
} as const

export const plainText = (text: string): { type: 'plain_text'; text: string; emoji: false } => ({ type: 'plain_text', text, emoji: false })
