import type { Readable } from '../condition/ir.ts'

/** The bytes that a text, or the texts of a list, are decoded from by `textOf`. Read-only; they mean something else after the dispatch. */
export interface TextBytes {
  readonly bytes: Uint8Array
  readonly start: number
  /** Behind the last. */
  readonly end: number
  /** What a zero byte is in the text: the code of a character; 0 where it parts the texts of a list. */
  readonly nul: number
}

/** An event of a feed that tells of some fields the bytes: to look for something in them costs less than to decode them. */
export interface Undecoded extends Readable {
  /** By field; undefined of an event where the field is not known, or its bytes are not in one piece. Valid until it is asked again. */
  readonly bytes?: ReadonlyMap<string, (event: Readable) => TextBytes | undefined> | undefined
}
