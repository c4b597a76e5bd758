import type { MessageBlock } from './message/blocks.ts'

/** What is said, in the words of chat.postMessage, chat.update and incoming webhooks. */
export interface SlackMessage {
  readonly text: string
  readonly blocks?: readonly MessageBlock[]
  readonly metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, string | number>> }
  readonly parse: 'none'
  readonly link_names: false
  readonly unfurl_links: false
  readonly unfurl_media: false
}

/** What is stored of a message before its first try: all of it but where it goes and the secrets. */
export interface SlackRequest {
  readonly kind: 'slack'
  readonly message: SlackMessage
  /** Words for the thread of an earlier message, for those who would not see that it changed, or where it cannot be changed any more. */
  readonly reply?: SlackMessage
  /** Who is to read the reply also when the message was changed. */
  readonly say?: 'thread' | 'channel'
  /** `letter.generation`: after a signal was opened anew its old message is left alone. */
  readonly generation: number
  /** It is about no single signal: always a message of its own, which nothing later changes. */
  readonly single?: true
}

/** The stored request; undefined for what no `render` of this notifier made. */
export function decodeRequest(body: string): SlackRequest | undefined {
  try {
    const request = JSON.parse(body) as Partial<SlackRequest> | null
    return request?.kind === 'slack' && typeof request.message?.text === 'string' ? (request as SlackRequest) : undefined
  } catch {
    return undefined
  }
}
