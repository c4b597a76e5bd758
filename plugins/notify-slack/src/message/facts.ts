import type { Letter } from '@cws/core'
import { type ContextBlock, type ContextElement, plainText } from './blocks.ts'
import { shorten } from './cut.ts'
import { oneLine, SINGLE, times, whyTold } from './words.ts'

/** Of one fact, and of the list of tags, characters. */
const FACT = 150
const TAGS = 300

/** The small print: why it is told, where, how often and when, by which rule. `brief`: without what one can look up. */
export function facts(letter: Letter, brief: boolean): ContextBlock {
  const { signal, reason } = letter
  const elements: ContextElement[] = []
  const fact = (text: string, limit = FACT): void => void elements.push(plainText(shorten(oneLine(text), limit)))
  const why = whyTold(letter)
  if (why !== undefined) fact(why)
  fact(`on ${signal.host.name}`)
  if (SINGLE.has(reason)) return { type: 'context', elements }
  fact(times(signal.count))
  if (brief) fact(`last seen ${utc(signal.last_seen)}`)
  else elements.push({ type: 'mrkdwn', text: seen(signal.first_seen, signal.last_seen), verbatim: true })
  fact(`rule ${signal.rule.id}`)
  if (!brief && signal.tags.some((tag) => tag.trim() !== '')) fact(signal.tags.join(', '), TAGS)
  fact(`signal ${signal.id}`)
  return { type: 'context', elements }
}

function seen(first: string, last: string): string {
  const from = moment(first)
  const to = moment(last)
  return from === to ? `seen ${from}` : `first seen ${from}, last ${to}`
}

/** A time that each reader sees in his own zone. */
function moment(time: string): string {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? utc(time) : `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time_secs}|${utc(time)}>`
}

/** `2026-11-24 09:00:00 UTC` */
function utc(time: string): string {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? 'at an unknown time' : new Date(ms).toISOString().replace(/T(.*)\..*/, ' $1 UTC')
}
