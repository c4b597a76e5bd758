import { nobody } from '../signals/author.ts'
import { given, said } from './build.ts'
import type { Block, Text } from './document.ts'
import { shownText } from './shown-value.ts'

/** Ancestors shown: the nearest ones. */
const MAX_ANCESTORS = 8
const MAX_NAME = 60
const MAX_COMMAND = 512
/** Of a process of which more is known than its name. */
export const UNNAMED = 'an unknown program'

/** Fields of the event that it reads. */
export const LINEAGE_FIELDS: readonly string[] = [
  'event.author_gap',
  ...['pid', 'comm', 'args', 'user', 'uid', 'certainty', 'file.name'].map((name) => `process.${name}`),
  ...['pid', 'comm', 'file.name', 'same_pid'].map((name) => `process.ancestors.${name}`),
]

type Json = Readonly<Record<string, unknown>>

/** The process that did it below those that it comes from, as code; nothing for events that no process did. */
export function lineageBlock(event: Json): Block | undefined {
  const process = object(event['process'])
  if (!process) return undefined
  if (isNobody(process)) return { type: 'code', children: [given(nobodyOf(event, process))] }
  const ancestors = ancestorsOf(process)
  const shown = ancestors.slice(0, MAX_ANCESTORS).reverse()
  const left = ancestors.length - shown.length
  const lines = [...(left > 0 ? [`… ${left} more`] : []), ...shown.map(nameAndPid), commandOf(process)]
  const children = lines.flatMap((line, depth): Text[] => [said(startOf(depth)), given(line)]).slice(1)
  return { type: 'code', children: [...children, ...certaintyOf(process)] }
}

const startOf = (depth: number): string => `\n${'  '.repeat(Math.max(0, depth - 1))}└ `

/** Nearest first; earlier images of the same process are left out. */
export function ancestorsOf(process: Json): Json[] {
  const listed = process['ancestors']
  const found = Array.isArray(listed) ? listed.map(object) : [object(process['parent'])]
  return found.filter((it): it is Json => it !== undefined && it['same_pid'] !== true && Object.keys(it).length > 0)
}

/** Nothing is known that would name a program, or a user. */
export function isNobody({ file, comm, args, user, uid, parent, ancestors }: Json): boolean {
  return [object(file)?.['name'], comm, args, user, uid, parent, ancestors].every((it) => it === undefined || it === null || it === '')
}

/** What is said in its place. */
export function nobodyOf(event: Json, { pid }: Json): string {
  const gap = object(event['event'])?.['author_gap']
  return nobody(typeof pid === 'number' ? `${pid}` : undefined, typeof gap === 'string' ? shownText(gap, MAX_COMMAND) : undefined)
}

export function nameAndPid(process: Json): string {
  const { pid } = process
  return `${nameOf(process)}${typeof pid === 'number' ? ` ${pid}` : ''}`
}

function commandOf(process: Json): string {
  const { args, pid } = process
  const about = [typeof pid === 'number' ? `pid ${pid}` : '', userOf(process)].filter((it) => it !== '').join(', ')
  const command = typeof args === 'string' && args !== '' ? `${nameOf(process)} ${shownText(args, MAX_COMMAND)}` : nameOf(process)
  return about === '' ? command : `${command}  (${about})`
}

function certaintyOf({ certainty }: Json): Text[] {
  if (certainty === 'window') return [said('\nprobably this process')]
  return certainty === 'unknown' ? [said('\nperhaps another process')] : []
}

/** Name, else id, of the real user; empty if unknown. */
export function userOf({ user, uid }: Json): string {
  if (typeof user === 'string' && user !== '') return shownText(user, MAX_NAME)
  return typeof uid === 'number' ? `uid ${uid}` : ''
}

/** The program's file, else what the task calls itself. */
export function nameOf(process: Json): string {
  const name = object(process['file'])?.['name']
  const known = [name, process['comm']].find((it) => typeof it === 'string' && it !== '')
  return typeof known === 'string' ? shownText(known, MAX_NAME) : UNNAMED
}

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
