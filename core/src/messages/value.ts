import type { Unknown } from '../model/unknown.ts'
import type { Signal } from '../signals/signal.ts'
import type { Document, Inline } from './document.ts'
import type { Letter } from './letter.ts'

/** What a name or a helper in a template stands for. */
export type Value = string | number | bigint | boolean | Unknown | readonly Value[]

/** On what occasion a signal is told. */
export type Occasion = Pick<Letter, 'reason' | 'rule' | 'generation' | 'time'>

/** Somebody whom a template calls, in channels of one kind. */
export interface Mention {
  readonly channel: string
  readonly id: string
}

/** What a message is made of. */
export interface Subject {
  readonly signal: Signal
  readonly occasion: Occasion
}

/** How much of a value is shown, in characters: of one text, and of a list with all its texts. */
export interface Limits {
  readonly text: number
  readonly whole: number
}

/** What is put in the place of a token when the tree is made. */
export type Slot =
  /** `encoded`: fit for a URL as it is. */
  | { readonly slot: 'text'; readonly text: string; readonly encoded?: true }
  /** Text with code in it, in one line. */
  | { readonly slot: 'inlines'; readonly inlines: readonly Inline[] }
  | { readonly slot: 'mention'; readonly channel: string; readonly id: string }
  /** Blocks, for a paragraph that holds nothing else. */
  | { readonly slot: 'blocks'; readonly name: string; readonly document: Document }
