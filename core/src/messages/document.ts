/**
 * What a message says, as a tree that every channel draws in its own way. A template's Markdown makes the tree; values are put in afterwards, as
 * text that nobody parses again. All text has had its invisible characters made visible and its length bounded; each channel still escapes all
 * of it by its own grammar.
 */
export type Document = readonly Block[]

/** Text. `value`: an attacker may have chosen it, so it must never become a link, a mention or mark-up. */
export interface Text {
  readonly type: 'text'
  readonly text: string
  readonly value: boolean
}

export type Inline =
  | Text
  | { readonly type: 'code'; readonly children: readonly Text[] }
  | { readonly type: 'emphasis' | 'strong'; readonly children: readonly Inline[] }
  /** `url` is http or https, of the origin that the template's author wrote; values in it are percent-encoded. */
  | { readonly type: 'link'; readonly url: string; readonly children: readonly Inline[] }
  /** Somebody whom the author of the template wants to be called: `id` in the words of that kind of channel. Channels of other kinds leave it out. */
  | { readonly type: 'mention'; readonly channel: string; readonly id: string }
  | { readonly type: 'break' }

export type Block =
  | { readonly type: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly type: 'heading'; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly children: readonly Text[] }
  | { readonly type: 'list'; readonly ordered: boolean; readonly items: readonly Document[] }
  | { readonly type: 'quote'; readonly children: Document }
