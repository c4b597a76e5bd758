import { type Document, type Letter, lengthOf, renderPlain, shortened, shownText } from '@cws/core'
import { draw } from './drawing.ts'
import { type Element, messageOf, type TeamsMessage } from './elements.ts'
import { type Called, calledBy } from './mentions.ts'
import { blocks, keptSpaces, runs } from './runs.ts'
import { facts, headlineOf, smallPrint } from './words.ts'

/**
 * Bytes of a message, by tier. Teams takes about 28 KB, with what it makes of a card itself counted (learn.microsoft.com, limits of incoming webhooks); flows
 * were seen to fail from 21 KB.
 */
export const LIMITS = [20_000, 10_000] as const
/** Less of a message than this says nothing. */
const LEAST = 40

/** What is posted for a letter. `tier` 0: the whole card; 1: the message as plain lines, shorter; 2: what it is and where to look. */
export function render(letter: Letter, tier: number, allowed: Readonly<Record<string, string>>): string {
  const called = calledBy(letter.message, letter.reason, allowed)
  if (tier === 0) {
    const card = fitted(letter, LIMITS[0], (message, cut) => whole(letter, called, draw(message), cut, false))
    if (card !== undefined) return card
  }
  if (tier < 2) {
    const card = fitted(letter, LIMITS[1], (message, cut) => whole(letter, called, plain(message), cut, true))
    if (card !== undefined) return card
  }
  return JSON.stringify(messageOf([...head(letter), smallPrint([further(letter)]), ...calls(called)], called.entities))
}

/** The card with as much of the message as there is room for; undefined if there is none. */
function fitted(letter: Letter, limit: number, card: (message: Document, cut: boolean) => TeamsMessage): string | undefined {
  const length = lengthOf(letter.message)
  for (let characters = Math.min(length, limit); ; ) {
    const cut = characters < length
    const text = JSON.stringify(card(cut ? shortened(letter.message, characters) : letter.message, cut))
    const bytes = Buffer.byteLength(text)
    if (bytes <= limit) return text
    characters = Math.floor(characters * Math.min(0.9, limit / bytes))
    if (characters < LEAST) return undefined
  }
}

function whole(letter: Letter, called: Called, message: readonly Element[], cut: boolean, brief: boolean): TeamsMessage {
  const body = [...head(letter), ...facts(letter, brief), ...message]
  if (cut) body.push(smallPrint([further(letter)]))
  return messageOf([...body, ...calls(called)], called.entities)
}

function head(letter: Letter): Element[] {
  const { text, style } = headlineOf(letter)
  return [{ type: 'Container', style, bleed: true, items: blocks(runs(text, { size: 'Large', weight: 'Bolder' }), '', '') }]
}

function plain(message: Document): Element[] {
  return blocks(runs(keptSpaces(renderPlain(message))), '', '')
}

const further = ({ signal }: Letter): string => `cut, see: cws signals show ${shownText(signal.id, 64)}`

/** The one place where mentions act, and nothing else stands there. */
function calls({ entities, leftOut }: Called): Element[] {
  const elements: Element[] = []
  if (entities.length > 0) elements.push({ type: 'TextBlock', text: entities.map(({ text }) => text).join(' '), wrap: true })
  if (leftOut.length > 0)
    elements.push(smallPrint([`not called, for the option "mentions" does not name them: ${shownText(leftOut.join(', '), 200)}`]))
  return elements
}
