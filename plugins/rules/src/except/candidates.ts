import { type EventDefinition, UNKNOWN } from '@cws/core'
import type { Given } from '../evaluate/given.ts'

/** An exception as an expression, and what it rests on. */
export interface Candidate {
  readonly expression: string
  /** Why it is not safe: who can make what it excepts. */
  readonly doubts: readonly string[]
}

/** Folders in which any user of a host makes files. */
const OPEN_FOLDERS = ['/tmp/', '/var/tmp/', '/dev/shm/', '/run/user/', '/home/', '/proc/', 'memfd:']

/**
 * Exceptions that hold for an event, the most specific first. They name files by their paths, which the kernel tells; what a process says of
 * itself (`comm`, arguments) never stands alone, for anybody can say it.
 */
export function candidatesFor(event: Given, { type, fields }: EventDefinition): Candidate[] {
  const known = (name: string): boolean => {
    const value = fields.has(name) ? event.get(name) : UNKNOWN
    return typeof value === 'string' && value !== '' && isWritable(value)
  }
  const equals = (name: string) => `${name} == "${String(event.get(name))}"`
  const actor = type === 'exec' ? 'exec.file.path' : 'process.file.path'
  if (!known(actor)) return []
  const subject = type === 'exec' ? undefined : [`${type}.file.path`, `${type}.path`].find(known)
  const starter = known('process.parent.file.path') ? 'process.parent.file.path' : undefined
  const args = type === 'exec' && known('exec.args') ? 'exec.args' : undefined
  // The same path in a container is another file.
  const place = fields.has('container.id') && event.get('container.id') === '' ? ['container.id == ""'] : []
  const sets = [[actor, args, subject, starter], [actor, subject, starter], [actor, args], [actor, subject], [actor, starter], [actor]].map(
    (names) => names.filter((name) => name !== undefined),
  )
  const seen = new Set<string>()
  const candidates: Candidate[] = []
  for (const names of sets) {
    const key = names.join()
    if (seen.has(key)) continue
    seen.add(key)
    candidates.push({ expression: [...names.map(equals), ...place].join(' && '), doubts: doubtsOf(names, event) })
  }
  return candidates.sort((a, b) => weight(b) - weight(a))
}

/** How much it demands. */
const weight = ({ expression }: Candidate): number => expression.split(' && ').length

function doubtsOf(names: readonly string[], event: Given): string[] {
  return names.flatMap((name) => {
    const path = String(event.get(name))
    const folder = name.endsWith('.path') ? OPEN_FOLDERS.find((each) => path.startsWith(each)) : undefined
    return folder ? [`users can make files below ${folder}: who makes ${path} is excepted too`] : []
  })
}

/** What an expression can hold between quotes: it knows no escapes, and `\${` and `%{` mean something else. */
function isWritable(text: string): boolean {
  return !/["\\\p{C}]|[$%]\{/u.test(text) && text.length <= 4096
}
