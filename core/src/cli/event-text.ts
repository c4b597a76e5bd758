import { printable } from '../signals/printable.ts'

type Json = Readonly<Record<string, unknown>>

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((each, key) => (typeof each === 'object' && each !== null ? (each as Json)[key] : undefined), value)

/** A JSON line of an event as one line for a person: time, type, who, what. */
export function eventText(jsonLine: string): string {
  const event = JSON.parse(jsonLine) as Json
  const type = String(event['type'])
  const words = [String(event['timestamp'] ?? '').slice(11, 23), type.padEnd(6), ...who(event['process']), ...what(type, event)]
  return `${words.map(printable).join(' ')}\n`
}

function who(process: unknown): readonly string[] {
  const pid = at(process, 'pid')
  if (pid === undefined || pid === null) return []
  const parent = at(process, 'parent', 'comm') ?? at(process, 'parent', 'file', 'name')
  const user = at(process, 'uid')
  return [
    `${text(at(process, 'comm'))}[${text(pid)}]`,
    ...(user === undefined ? [] : [`uid=${text(user)}`]),
    ...(parent ? [`parent=${text(parent)}`] : []),
  ]
}

function what(type: string, event: Json): readonly string[] {
  if (type === 'exec') return [text(at(event, 'process', 'file', 'path')), text(at(event, 'process', 'args') ?? '')]
  const own = at(event, ...type.split('.'))
  return scalars(own, '').slice(0, 12)
}

/** The known scalars of a block as `name=value`. */
function scalars(value: unknown, prefix: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => {
    if (each === null) return []
    return typeof each === 'object' && !Array.isArray(each) ? scalars(each, `${prefix}${name}.`) : [`${prefix}${name}=${text(each)}`]
  })
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '?' : typeof value === 'string' ? value : JSON.stringify(value)
