import { isNobody, nobodyOf, UNNAMED } from '../../messages/lineage.ts'
import { printable } from '../../signals/printable.ts'
import type { Paint } from './paint.ts'

/** Ancestors shown, nearest ones. */
const MAX_ANCESTORS = 6
const MAX_ARGS = 160
const MAX_NAME = 60

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
  const about = aboutActor(event, actor)
  const certainty = actor['certainty']
  if (certainty === 'window') about.push('probably')
  if (certainty === 'unknown') about.push('perhaps another process')
  const args = text(actor['args'], MAX_ARGS)
  const command = paint(nameOf(actor), 'bold') + (args ? ` ${args}` : '')
  lines.push(`${ancestors.length > 0 ? '└ ' : ''}${command}${about.length > 0 ? `  ${paint(about.join(', '), 'dim')}` : ''}`)
  return lines
}

/** Nearest first; earlier images of the same process are left out. */
function ancestorsOf(actor: Json): Json[] {
  const listed = actor['ancestors']
  const list = Array.isArray(listed) ? listed.map(object) : [object(actor['parent'])]
  return list.filter(
    (ancestor): ancestor is Json => ancestor !== undefined && ancestor['same_pid'] !== true && Object.keys(ancestor).length > 0,
  )
}

function aboutActor(event: Json, actor: Json): string[] {
  const about: string[] = []
  if (typeof actor['pid'] === 'number') about.push(`pid ${actor['pid']}`)
  const user = text(actor['user'], MAX_NAME) || (typeof actor['uid'] === 'number' ? `uid ${actor['uid']}` : '')
  if (user) about.push(user)
  const container = object(event['container'])?.['id']
  if (typeof container === 'string' && container !== '') about.push(`container ${text(container, 12)}`)
  return about
}

function nameAndPid(ancestor: Json): string {
  return `${nameOf(ancestor)}${typeof ancestor['pid'] === 'number' ? ` ${ancestor['pid']}` : ''}`
}

/** The program's file, else what the task calls itself. */
function nameOf(process: Json): string {
  return text(object(process['file'])?.['name'], MAX_NAME) || text(process['comm'], MAX_NAME) || UNNAMED
}

function text(value: unknown, limit: number): string {
  if (typeof value !== 'string') return ''
  return printable(value.length > limit ? `${value.slice(0, limit)}…` : value)
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
