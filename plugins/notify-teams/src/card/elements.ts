/** The elements of Adaptive Cards that messages are made of (adaptivecards.io, version 1.2, which every client of Teams draws). */
export type Element = RichTextBlock | TextBlock | Container

/** Lines whose text nobody parses for Markdown: where all text stands that is not of this package. */
export interface RichTextBlock {
  readonly type: 'RichTextBlock'
  readonly inlines: readonly TextRun[]
  readonly spacing?: Spacing
}

export interface TextRun extends Look {
  readonly type: 'TextRun'
  readonly text: string
  readonly selectAction?: { readonly type: 'Action.OpenUrl'; readonly url: string }
}

export interface Look {
  readonly weight?: 'Bolder'
  readonly italic?: true
  readonly fontType?: 'Monospace'
  readonly size?: 'Small' | 'Medium' | 'Large'
  readonly isSubtle?: true
}

/** Markdown, mentions and `{{DATE(…)}}` act in it. */
export interface TextBlock {
  readonly type: 'TextBlock'
  readonly text: string
  readonly wrap: true
  readonly size?: 'Small'
  readonly isSubtle?: true
  readonly spacing?: Spacing
}

export interface Container {
  readonly type: 'Container'
  readonly style: ContainerStyle
  readonly items: readonly Element[]
  /** To the edge of the card. */
  readonly bleed?: true
}

export type Spacing = 'None' | 'Small'
export type ContainerStyle = 'emphasis' | 'attention' | 'warning' | 'accent' | 'default' | 'good'

/** A mention is text in a TextBlock and an entity with the same text. */
export interface MentionEntity {
  readonly type: 'mention'
  readonly text: string
  readonly mentioned: { readonly id: string; readonly name: string }
}

/** What is posted to a workflow. */
export interface TeamsMessage {
  readonly type: 'message'
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive'
      readonly contentUrl: null
      readonly content: {
        readonly type: 'AdaptiveCard'
        readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
        readonly version: '1.2'
        readonly msteams: { readonly width: 'Full'; readonly entities?: readonly MentionEntity[] }
        readonly body: readonly Element[]
      }
    },
  ]
}

export function messageOf(body: readonly Element[], entities: readonly MentionEntity[]): TeamsMessage {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          type: 'AdaptiveCard',
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          version: '1.2',
          msteams: { width: 'Full', ...(entities.length > 0 && { entities }) },
          body,
        },
      },
    ],
  }
}
