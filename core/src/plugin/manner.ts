import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { NotifierDefinition } from './instance.ts'
import { describeValue } from './validate.ts'

/** How a destination is told of signals. */
export interface Manner {
  /** `latest`: of a signal the newest revision must arrive; what nobody was told yet is overtaken. `every`: each revision, in order. */
  readonly mode: 'latest' | 'every'
  /** Each message interrupts somebody: later counts of a signal come at growing intervals, and only when they have doubled. */
  readonly interrupts: boolean
  /** It also hears when something else is at work: the reason `changed`. */
  readonly changes: boolean
}

/** That of a notifier whose definition says nothing. */
export const usualManner: Manner = { mode: 'latest', interrupts: false, changes: false }

type Defined = Pick<NotifierDefinition, 'mode' | 'interrupts' | 'changes'>

/** What the definition of a notifier says under these options, which were checked. @throws CwsError CWS_ERR_PLUGIN_INVALID */
export function mannerOf(definition: Defined, options: unknown): Manner {
  const mode = said(definition, 'mode', options)
  const interrupts = said(definition, 'interrupts', options)
  const changes = said(definition, 'changes', options)
  if (mode !== 'latest' && mode !== 'every') throw invalid('mode', '"latest" or "every"', describeValue(mode))
  if (typeof interrupts !== 'boolean') throw invalid('interrupts', 'true or false', describeValue(interrupts))
  if (typeof changes !== 'boolean') throw invalid('changes', 'true or false', describeValue(changes))
  return { mode, interrupts, changes }
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
