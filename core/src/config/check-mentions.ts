import type { Mention } from '../messages/value.ts'
import { nearest } from '../model/nearest.ts'
import type { Callable } from '../plugin/manner.ts'

/** A notifier that rules may name, and whom templates may call there. */
export interface NamedNotifier {
  readonly name: string
  readonly mentions?: Callable | undefined
}

/** How many ids are shown where no suggestion is near. */
const MAX_SHOWN = 5

/**
 * Whom a template mentions and none of the destinations that it goes to calls: a line each. One that some call and others do not is meant: the others say
 * whom they left out.
 */
export function uncalled(mentions: readonly Mention[], destinations: readonly NamedNotifier[]): readonly string[] {
  return mentions.flatMap(({ channel, id }) => {
    const fault = faultOf(channel, id, destinations)
    return fault === undefined ? [] : [`{{mention "${channel}" "${id}"}} calls nobody: ${fault}`]
  })
}

function faultOf(channel: string, id: string, destinations: readonly NamedNotifier[]): string | undefined {
  const kinds = destinations.flatMap(({ mentions }) => mentions?.channel ?? [])
  const callers = destinations.filter(({ mentions }) => mentions?.channel === channel)
  if (callers.length === 0)
    return `it goes to no destination of the kind "${channel}"${instead(channel, kinds, ', nor to another where somebody can be called')}`
  const ids = callers.flatMap(({ mentions }) => mentions?.ids ?? [])
  if (ids.includes(id)) return undefined
  return `the options of ${callers.map(({ name }) => `"${name}"`).join(' and ')} do not allow it${instead(id, ids, ', nor anybody else')}`
}

/** `none`: what is said where there are no candidates. */
function instead(word: string, candidates: readonly string[], none: string): string {
  const there = [...new Set(candidates)]
  const guess = nearest(word, there)
  if (guess !== undefined) return `; did you mean "${guess}"?`
  if (there.length === 0) return none
  const more = there.length > MAX_SHOWN ? ` and ${there.length - MAX_SHOWN} more` : ''
  return `; there is ${there
    .slice(0, MAX_SHOWN)
    .map((it) => `"${it}"`)
    .join(', ')}${more}`
}
