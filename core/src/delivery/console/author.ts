import { ancestorsOf, isNobody, nameAndPid, nameOf, nobodyOf, object, userOf } from '../../messages/lineage.ts'
import { shownText } from '../../messages/shown-value.ts'
import { printable } from '../../signals/printable.ts'
import type { Paint } from './paint.ts'

/** Ancestors shown, nearest ones. */
const MAX_ANCESTORS = 6
const MAX_ARGS = 160
/** Of a container's id, as its tools show it. */
const MAX_ID = 12

type Json = Readonly<Record<string, unknown>>

/** Who did it: the line of ancestors, and below it the process with its arguments, user and container. Nothing for events about the agent. */
export function authorLines(event: Json, paint: Paint): string[] {
  const actor = object(event['process'])
  if (!actor) return []
  if (isNobody(actor)) return [paint(nobodyOf(event, actor), 'dim')]
  const lines: string[] = []
  const ancestors = ancestorsOf(actor)
  if (ancestors.length > 0) {
    const shown = ancestors.slice(0, MAX_ANCESTORS).reverse().map(nameAndPid)
    if (ancestors.length > MAX_ANCESTORS) shown.unshift('…')
    lines.push(paint(shown.join(' › '), 'dim'))
  }
  const { args, certainty } = actor
  const about = aboutActor(event, actor)
  if (certainty === 'window') about.push('probably')
  if (certainty === 'unknown') about.push('perhaps another process')
  const command = paint(nameOf(actor), 'bold') + (typeof args === 'string' && args !== '' ? ` ${shownText(args, MAX_ARGS)}` : '')
  lines.push(`${ancestors.length > 0 ? '└ ' : ''}${command}${about.length > 0 ? `  ${paint(about.join(', '), 'dim')}` : ''}`)
  return lines
}

function aboutActor(event: Json, actor: Json): string[] {
  const about: string[] = []
  if (typeof actor['pid'] === 'number') about.push(`pid ${actor['pid']}`)
  const user = userOf(actor)
  if (user) about.push(user)
  const container = object(event['container'])?.['id']
  if (typeof container === 'string' && container !== '')
    about.push(`container ${printable(container.slice(0, MAX_ID))}${container.length > MAX_ID ? '…' : ''}`)
  return about
}
