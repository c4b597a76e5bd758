import type { Message, SlackBlock } from './schema.ts'

/** What a reader sees of a message, and what it does. */
export interface Seen {
  /** Words, in the order in which they stand; a line each. */
  text: string
  /** Who is called: ids, `here`, `channel`, `everyone`. */
  readonly mentions: string[]
  readonly links: string[]
  /** What mark-up was found outside code: bold, a picture for a word, a quote. */
  readonly markup: string[]
}

interface Parsing {
  /** Bare addresses and names become links and mentions. */
  readonly auto: boolean
  readonly linkNames: boolean
}

/**
 * Reads a message as Slack does (docs.slack.dev, formatting message text): what is between `<` and `>` acts, the three entities are
 * decoded once, code is not formatted. In rich text and plain text nothing acts but elements made for it.
 * `update`: chat.update takes `parse: "client"` where nothing is said, and forgets what was said before.
 */
export function read(message: Message, update = false): { readonly popup: Seen; readonly blocks: Seen } {
  const parse = message.parse ?? (update ? 'client' : 'none')
  const popup = nothing()
  readMrkdwn(message.text, { auto: parse !== 'none', linkNames: message.link_names ?? update }, popup)
  const blocks = nothing()
  for (const block of message.blocks ?? []) {
    readBlock(block, blocks)
    blocks.text += '\n'
  }
  return { popup, blocks }
}

const nothing = (): Seen => ({ text: '', mentions: [], links: [], markup: [] })

function readBlock(block: SlackBlock, seen: Seen): void {
  if (block.type === 'rich_text') {
    for (const element of block.elements)
      for (const line of element.type === 'rich_text_list' ? element.elements : [element]) {
        for (const inline of line.elements) readInline(inline, seen)
        seen.text += '\n'
      }
    return
  }
  const texts = block.type === 'context' ? block.elements : [block.text]
  for (const it of texts) {
    if (it.type === 'mrkdwn') readMrkdwn(it.text, { auto: it.verbatim !== true, linkNames: it.verbatim !== true }, seen)
    else readPlain(it.text, it.emoji !== false, seen)
    seen.text += '\n'
  }
}

type Rich = Extract<SlackBlock, { type: 'rich_text' }>['elements'][number]
type Inline = Extract<Rich, { type: 'rich_text_section' }>['elements'][number]

function readInline(inline: Inline, seen: Seen): void {
  switch (inline.type) {
    case 'text':
      seen.text += inline.text
      break
    case 'link':
      seen.links.push(inline.url)
      seen.text += inline.text ?? inline.url
      break
    case 'user':
      seen.mentions.push(inline.user_id)
      break
    case 'usergroup':
      seen.mentions.push(inline.usergroup_id)
      break
    case 'broadcast':
      seen.mentions.push(inline.range)
  }
}

function readPlain(text: string, emoji: boolean, seen: Seen): void {
  if (emoji) findEmoji(text, seen)
  seen.text += text
}

/** Code in fences and spans, special parsing in angle brackets, and words. */
const PIECES = /```[\s\S]*?```|`[^`\n]+`|<[^<>]*>|[^<`]+|[<`]/g

export function readMrkdwn(text: string, parsing: Parsing, seen: Seen): void {
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece.startsWith('```') && piece.length >= 6) readCode(piece.slice(3, -3), seen)
    else if (piece.startsWith('`') && piece.length > 2) {
      seen.markup.push('code span')
      readCode(piece.slice(1, -1), seen)
    } else if (piece.startsWith('<') && piece.endsWith('>') && piece.length > 2) readSpecial(piece.slice(1, -1), seen)
    else readWords(piece, parsing, seen)
  }
}

/** Brackets act in code too. */
function readCode(text: string, seen: Seen): void {
  for (const [piece] of text.matchAll(/<[^<>]*>|[^<]+|</g))
    if (piece.startsWith('<') && piece.endsWith('>')) readSpecial(piece.slice(1, -1), seen)
    else seen.text += decoded(piece)
}

function readSpecial(inner: string, seen: Seen): void {
  const [target = '', label] = inner.split('|')
  if (target.startsWith('@') || target.startsWith('#')) seen.mentions.push(target.slice(1))
  else if (target.startsWith('!subteam^')) seen.mentions.push(target.slice('!subteam^'.length))
  else if (target.startsWith('!date^')) {
    const [, , , link] = target.split('^')
    if (link !== undefined) seen.links.push(link)
    seen.text += decoded(label ?? '')
  } else if (target.startsWith('!')) seen.mentions.push(target.slice(1))
  else {
    seen.links.push(target)
    seen.text += decoded(label ?? target)
  }
}

const FORMATTING: readonly (readonly [string, RegExp])[] = [
  ['bold', /(?<![\w*])\*[^*\n]+\*(?![\w*])/],
  ['italic', /(?<![\w])_[^_\n]+_(?![\w])/],
  ['strike', /(?<![\w~])~[^~\n]+~(?![\w~])/],
  ['quote', /^(?:>|&gt;)/m],
]

function readWords(text: string, { auto, linkNames }: Parsing, seen: Seen): void {
  for (const [name, pattern] of FORMATTING) if (pattern.test(text)) seen.markup.push(name)
  findEmoji(text, seen)
  const words = decoded(text)
  if (auto) for (const [url] of words.matchAll(/\b(?:https?:\/\/|www\.|mailto:)\S+/g)) seen.links.push(url)
  if (auto || linkNames) for (const [, name] of words.matchAll(/[@#](\w[\w-]*)/g)) seen.mentions.push(name as string)
  seen.text += words
}

function findEmoji(text: string, seen: Seen): void {
  for (const [name] of text.matchAll(/:[a-z0-9_+-]+:/g)) seen.markup.push(name)
}

/** Once, and only the three. */
export function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' })[name as 'amp'])
}
