import type { Letter, Reason } from '@cws/core'
import type { SlackMessage, SlackRequest } from '../request.ts'
import { LIMITS, type MessageBlock, plainText, type RichElement } from './blocks.ts'
import { Budget, beginning, shorten } from './cut.ts'
import { escapeText, fits } from './escape.ts'
import { facts } from './facts.ts'
import { Mentions, mentionElement, mentionText } from './mentions.ts'
import { mentionsIn, plain } from './plain.ts'
import { RichTextDrawing } from './rich-text.ts'
import { headline, oneLine, SINGLE, times, whyTold } from './words.ts'

export interface RenderOptions {
  /** Who may be called. */
  readonly mentions: readonly string[]
  /** Whether a message is changed when its signal has grown, else it is a message of its own. */
  readonly inPlace: boolean
}

/** Of the text that pops up, and of a message without blocks, after escaping. */
const POPUP = 300
const TEXT_ONLY = 500
/** What the blocks besides the message may need. */
const SMALL_PRINT = 2_200

/** A change in place rings no bell: who is told besides. */
const SAID: Readonly<Partial<Record<Reason, 'thread' | 'channel'>>> = {
  raised: 'channel',
  repeat: 'channel',
  escalated: 'channel',
  replayed: 'channel',
  acknowledged: 'thread',
  archived: 'thread',
}
/** Nobody is called because the work is done. */
const SETTLED: ReadonlySet<Reason> = new Set(['acknowledged', 'archived'])

/** What is to be sent of a letter. `tier` 0: rich text; 1: plain blocks; 2: a short text without blocks. */
export function render(letter: Letter, tier: number, { mentions: allowed, inPlace }: RenderOptions): SlackRequest {
  const { reason, generation } = letter
  const mentions = new Mentions(allowed, SETTLED.has(reason) || (reason === 'updated' && !inPlace))
  const draw = tier === 0 ? rich : tier === 1 ? plainBlocks : textOnly
  const message = draw(letter, mentions)
  return {
    kind: 'slack',
    message,
    ...(inPlace ? replyTo(letter, tier, mentions) : {}),
    generation,
    ...(SINGLE.has(reason) ? { single: true } : {}),
  }
}

function rich(letter: Letter, mentions: Mentions): SlackMessage {
  const budget = new Budget(LIMITS.total - SMALL_PRINT)
  const elements = new RichTextDrawing(budget, mentions).draw(letter.message)
  if (budget.lost > 0) elements.push(line(cutNote(letter, budget.lost)))
  const blocks: MessageBlock[] = [{ type: 'header', text: plainText(headline(letter)) }, facts(letter, false)]
  if (elements.length > 0) blocks.push({ type: 'rich_text', elements })
  return message(letter, popup(letter), [...blocks, ...leftOut(mentions)])
}

function plainBlocks(letter: Letter, mentions: Mentions): SlackMessage {
  for (const mention of mentionsIn(letter.message)) mentions.admit(mention)
  const blocks: MessageBlock[] = [{ type: 'header', text: plainText(headline(letter)) }, facts(letter, true)]
  const text = cutTo(letter, LIMITS.section)
  if (text.trim() !== '') blocks.push({ type: 'section', text: plainText(text) })
  if (mentions.called.size > 0)
    blocks.push({ type: 'section', text: { type: 'mrkdwn', text: calls([...mentions.called]), verbatim: true } })
  return message(letter, popup(letter), [...blocks, ...leftOut(mentions)])
}

/** In a code block nothing is formatted; what could end it looks like what it is. */
function textOnly(letter: Letter, mentions: Mentions): SlackMessage {
  for (const mention of mentionsIn(letter.message)) mentions.admit(mention)
  const called = [...mentions.called].slice(0, 5)
  const before = called.length > 0 ? `${calls(called)} ` : ''
  const left = mentions.leftOut.size > 0 ? ` (${mentions.leftOut.size} not called)` : ''
  const head = `${headline(letter)} (${whereAndHowOften(letter)})${left}`
  const text = [head, plain(letter.message)].join('\n').trim().replaceAll('`', 'ˋ')
  return message(letter, `${before}\`\`\`${escapeText(shorten(text.toWellFormed(), TEXT_ONLY - before.length - 6))}\`\`\``)
}

function replyTo(letter: Letter, tier: number, { called }: Mentions): Pick<SlackRequest, 'reply' | 'say'> {
  const { reason } = letter
  if (reason === 'updated') return { reply: reply(letter, tier, []) }
  const say = SAID[reason]
  return say === undefined ? {} : { reply: reply(letter, tier, [...called]), say }
}

function reply(letter: Letter, tier: number, called: readonly string[]): SlackMessage {
  const why = whyTold(letter) ?? 'It goes on'
  const what = `${headline(letter)} (${whereAndHowOften(letter)})`
  if (tier === 0) {
    const text = { type: 'text', text: `${why}: `, style: { bold: true } } as const
    const elements = [...called.flatMap((id) => [mentionElement(id), { type: 'text', text: ' ' } as const]), text]
    return message(letter, escapeText(`${why}: ${what}`), [
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [...elements, { type: 'text', text: what }] }] },
    ])
  }
  const before = called.length > 0 ? `${calls(called.slice(0, 5))} ` : ''
  return message(
    letter,
    `${before}\`\`\`${escapeText(shorten(`${why}: ${what}`.replaceAll('`', 'ˋ'), TEXT_ONLY - before.length - 6))}\`\`\``,
  )
}

function message({ key, signal }: Letter, text: string, blocks?: readonly MessageBlock[]): SlackMessage {
  return {
    text,
    ...(blocks === undefined ? {} : { blocks }),
    metadata: { event_type: 'cws_signal', event_payload: { key, signal: signal.id, revision: signal.revision } },
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  }
}

/** What a telephone shows before anything is opened. */
function popup(letter: Letter): string {
  const head = `${headline(letter)} (${whereAndHowOften(letter)})`
  const sentences = letter.message.filter(({ type }) => type === 'paragraph')
  const rest = oneLine(plain(sentences).slice(0, 4 * POPUP))
  return escapeText(shorten([head, rest].filter((it) => it !== '').join(': '), POPUP))
}

function whereAndHowOften({ reason, signal }: Letter): string {
  const where = shorten(oneLine(signal.host.name), 60)
  return SINGLE.has(reason) ? where : `${where}, ${times(signal.count)}`
}

function cutTo(letter: Letter, limit: number): string {
  const text = plain(letter.message).toWellFormed()
  if (fits(text, limit)) return text
  const kept = beginning(text, limit - 100)
  return `${kept}\n${cutNote(letter, text.length - kept.length)}`
}

function cutNote({ signal }: Letter, lost: number): string {
  return `… ${lost} more characters are cut; see: cws signals show ${shorten(oneLine(signal.id), 40)}`
}

function line(text: string): RichElement {
  return { type: 'rich_text_section', elements: [{ type: 'text', text, style: { italic: true } }] }
}

function leftOut({ leftOut }: Mentions): MessageBlock[] {
  if (leftOut.size === 0) return []
  const ids = shorten([...leftOut].map(oneLine).join(', '), 200)
  return [{ type: 'context', elements: [plainText(`Not called, for the option "mentions" does not name them: ${ids}`)] }]
}

const calls = (ids: readonly string[]): string => ids.map(mentionText).join(' ')
