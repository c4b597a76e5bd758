import { said } from './build.ts'
import type { Block, Document, Inline, Text } from './document.ts'
import { cut } from './shown-value.ts'

/** Room that is left, used up as text is taken. */
class Room {
  #left: number
  /** Something found no room, and nothing more is taken. */
  none = false

  constructor(characters: number) {
    this.#left = characters
  }

  take(characters: number): boolean {
    this.#left -= characters
    this.none = this.#left < 0
    return !this.none
  }

  /** The text, or the beginning that there is room for. */
  text(text: Text): Text {
    const had = this.#left
    return this.take(text.text.length) ? text : { ...text, text: cut(text.text, Math.max(0, had)) }
  }
}

/**
 * The document with at most about so many characters of text, its mark-up whole: where the room ends a text is cut between graphemes and ends with
 * `…(+n)`, and a last paragraph says that more was left out.
 */
export function shortened(document: Document, characters: number): Document {
  const room = new Room(characters)
  const kept = blocks(document, room)
  return room.none ? [...kept, { type: 'paragraph', children: [said('… the rest is left out')] }] : document
}

function blocks(document: Document, room: Room): Block[] {
  const kept: Block[] = []
  for (const block of document) {
    if (room.none) break
    if (block.type === 'list') {
      const items: Document[] = []
      for (const item of block.items) if (!room.none) items.push(blocks(item, room))
      kept.push({ ...block, items })
    } else if (block.type === 'quote') kept.push({ ...block, children: blocks(block.children, room) })
    else if (block.type === 'code') kept.push({ ...block, children: texts(block.children, room) })
    else kept.push({ ...block, children: inlines(block.children, room) })
  }
  return kept
}

function texts(children: readonly Text[], room: Room): Text[] {
  const kept: Text[] = []
  for (const text of children) if (!room.none) kept.push(room.text(text))
  return kept
}

function inlines(children: readonly Inline[], room: Room): Inline[] {
  const kept: Inline[] = []
  for (const inline of children) {
    if (room.none) break
    if (inline.type === 'text') kept.push(room.text(inline))
    else if (inline.type === 'code') kept.push({ ...inline, children: texts(inline.children, room) })
    else if (inline.type === 'emphasis' || inline.type === 'strong') kept.push({ ...inline, children: inlines(inline.children, room) })
    else if (inline.type === 'link') {
      // A URL that is cut leads elsewhere.
      if (room.take(inline.url.length)) kept.push({ ...inline, children: inlines(inline.children, room) })
    } else if (room.take(inline.type === 'mention' ? inline.id.length : 1)) kept.push(inline)
  }
  return kept
}
