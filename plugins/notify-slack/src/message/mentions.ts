import type { Inline } from '@cws/core'

export type Mention = Extract<Inline, { readonly type: 'mention' }>

/** Ids of people (U, W), of user groups (S), or the words that call a whole channel. */
export const MENTION = /^(?:[UWS][A-Z0-9]{2,20}|here|channel|everyone)$/

export type Called =
  | { readonly type: 'user'; readonly user_id: string }
  | { readonly type: 'usergroup'; readonly usergroup_id: string }
  | { readonly type: 'broadcast'; readonly range: 'here' | 'channel' | 'everyone' }

/** More than these are not called by one message. */
const MOST = 20

/** Decides who is called by a message, and keeps who was left out, so that the message can say it. */
export class Mentions {
  readonly #allowed: ReadonlySet<string>
  readonly #silent: boolean
  readonly called = new Set<string>()
  readonly leftOut = new Set<string>()

  /** `silent`: the message calls nobody, whoever its template mentions. */
  constructor(allowed: readonly string[], silent: boolean) {
    this.#allowed = new Set(allowed)
    this.#silent = silent
  }

  /** The id if the message is to call it. Mentions for channels of other kinds mean nothing here. */
  admit({ channel, id }: Mention): string | undefined {
    if (channel !== 'slack' || this.#silent) return undefined
    if (!this.#allowed.has(id) || (this.called.size >= MOST && !this.called.has(id))) {
      this.leftOut.add(id)
      return undefined
    }
    this.called.add(id)
    return id
  }
}

/** A mention as an element of rich text: nothing that is text can become one. */
export function mentionElement(id: string): Called {
  if (id === 'here' || id === 'channel' || id === 'everyone') return { type: 'broadcast', range: id }
  return id.startsWith('S') ? { type: 'usergroup', usergroup_id: id } : { type: 'user', user_id: id }
}

/** A mention in mrkdwn. */
export function mentionText(id: string): string {
  if (id === 'here' || id === 'channel' || id === 'everyone') return `<!${id}>`
  return id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`
}
