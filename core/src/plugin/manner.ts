import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { NotifierDefinition } from './instance.ts'
import { isRecord } from './schema-walk.ts'
import { describeValue } from './validate.ts'

/** Whom templates may call at a destination, by `{{mention "<channel>" "<id>"}}`. */
export interface Callable {
  /** The kind of channel: letters, digits and dashes. Mentions for other kinds are left out there. */
  readonly channel: string
  readonly ids: readonly string[]
}

/** How many messages a destination takes. */
export interface Rate {
  /** At once. */
  readonly burst: number
  readonly perMinute: number
}

/** How a destination is told of signals. */
export interface Manner {
  /** `latest`: of a signal the newest revision must arrive; what nobody was told yet is overtaken. `every`: each revision, in order. */
  readonly mode: 'latest' | 'every'
  /** Each message interrupts somebody: later counts of a signal come at growing intervals, and only when they have doubled. */
  readonly interrupts: boolean
  /** It also hears when something else is at work: the reason `changed`. */
  readonly changes: boolean
  /** Whom its messages call if a template mentions them; undefined: nobody. Templates are checked against it. */
  readonly mentions: Callable | undefined
  /** What it is sent at most, in the mode `latest`; undefined: as many as there are. */
  readonly rate: Rate | undefined
}

/** That of a notifier whose definition says nothing. */
export const usualManner: Manner = { mode: 'latest', interrupts: false, changes: false, mentions: undefined, rate: undefined }

type Defined = Pick<NotifierDefinition, keyof Manner>

/** What the definition of a notifier says under these options, which were checked. @throws CwsError CWS_ERR_PLUGIN_INVALID */
export function mannerOf(definition: Defined, options: unknown): Manner {
  const mode = said(definition, 'mode', options)
  const interrupts = said(definition, 'interrupts', options)
  const changes = said(definition, 'changes', options)
  const mentions = said(definition, 'mentions', options)
  const rate = said(definition, 'rate', options)
  if (mode !== 'latest' && mode !== 'every') throw invalid('mode', '"latest" or "every"', describeValue(mode))
  if (typeof interrupts !== 'boolean') throw invalid('interrupts', 'true or false', describeValue(interrupts))
  if (typeof changes !== 'boolean') throw invalid('changes', 'true or false', describeValue(changes))
  if (mentions !== undefined && !isCallable(mentions))
    throw invalid('mentions', 'a kind of channel with a list of ids: { channel, ids }', describeValue(mentions))
  if (rate !== undefined && !isRate(rate)) throw invalid('rate', '{ burst, perMinute }, both at least 1 and finite', describeValue(rate))
  return { mode, interrupts, changes, mentions, rate }
}

function isRate(given: unknown): given is Rate {
  return isRecord(given) && [given['burst'], given['perMinute']].every((it) => typeof it === 'number' && Number.isFinite(it) && it >= 1)
}

function isCallable(given: unknown): given is Callable {
  if (!isRecord(given)) return false
  const { channel, ids } = given
  return typeof channel === 'string' && Array.isArray(ids) && ids.every((id) => typeof id === 'string')
}

function said<K extends keyof Manner>(definition: Defined, what: K, options: unknown): Manner[K] {
  const given = definition[what] as Manner[K] | ((options: unknown) => Manner[K]) | undefined
  try {
    return (typeof given === 'function' ? given(options) : given) ?? usualManner[what]
  } catch (error) {
    throw invalid(what, 'a function of the options', messageOf(error))
  }
}

function invalid(what: keyof Manner, expected: string, came: string): CwsError {
  return new CwsError('CWS_ERR_PLUGIN_INVALID', `\`${what}\` in the definition of a notifier must be ${expected}, but it is: ${came}`)
}
