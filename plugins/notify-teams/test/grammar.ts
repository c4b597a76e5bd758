import { type CardElement, type Message, messageSchema, type Run } from './card-schema.ts'

/** What a reader sees of a card, and what it does. */
export interface Seen {
  /** Words, in the order in which they stand; a line each. */
  text: string
  /** Ids of who is called. */
  readonly mentions: string[]
  readonly links: string[]
  /** What was found of Markdown, and of functions that are put in for text. */
  readonly markup: string[]
}

/**
 * Reads a card as Teams does (learn.microsoft.com, text features of Adaptive Cards, formatting cards in Teams): in a TextBlock Markdown, bare addresses, functions for
 * dates and mentions act; in a TextRun functions alone, and mentions are looked for there too, to be sure.
 */
export function read(body: string): Seen {
  const message = messageSchema.parse(JSON.parse(body))
  const { content } = message.attachments[0]
  const seen: Seen = { text: '', mentions: [], links: [], markup: [] }
  for (const element of content.body) readElement(element, content.msteams.entities ?? [], seen)
  return seen
}

type Entities = NonNullable<Message['attachments'][0]['content']['msteams']['entities']>

function readElement(element: CardElement, entities: Entities, seen: Seen): void {
  switch (element.type) {
    case 'Container':
      for (const inner of element.items) readElement(inner, entities, seen)
      return
    case 'TextBlock':
      readMarkdown(element.text, entities, seen)
      break
    case 'RichTextBlock':
      for (const run of element.inlines) readRun(run, entities, seen)
  }
  seen.text += '\n'
}

function readRun(run: Run, entities: Entities, seen: Seen): void {
  if (run.text.includes('\n')) seen.markup.push('a line in a line')
  if (run.selectAction) seen.links.push(run.selectAction.url)
  seen.text += act(run.text, entities, seen).replaceAll('\u00a0', ' ')
}

function act(text: string, entities: Entities, seen: Seen): string {
  const dated = text.replace(/\{\{(DATE|TIME)\(([^)]*)\)\}\}/gi, (_, name: string, argument: string) => {
    seen.markup.push(name.toUpperCase())
    return argument.replace(/,.*/, '')
  })
  return dated.replace(/<at>([^<]*)<\/at>/gi, (tag, name: string) => {
    const entity = entities.find(({ text: of }) => of === tag)
    seen.mentions.push(entity?.mentioned.id ?? `nobody known: ${name}`)
    return `@${name}`
  })
}

const MARKDOWN: readonly (readonly [string, RegExp])[] = [
  ['bold', /(\*\*|__)(?=\S).+?\1/],
  ['italic', /(?<![\w*])([*_])(?=\S)[^*_]+\1/],
  ['list', /^\s*(?:[-*+]|\d+[.)])\s/m],
  ['heading', /^\s*#/m],
  ['code', /`/],
]

function readMarkdown(text: string, entities: Entities, seen: Seen): void {
  const words = act(text, entities, seen)
  for (const [name, pattern] of MARKDOWN) if (pattern.test(words)) seen.markup.push(name)
  for (const [, url] of words.matchAll(/\[[^\]]*\]\(([^)]*)\)/g)) seen.links.push(url as string)
  for (const [url] of words.matchAll(/(?:https?:\/\/|www\.)\S+/g)) seen.links.push(url)
  seen.text += words
}
