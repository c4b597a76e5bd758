import { type CheckedRule, CwsError, checkRule, type EventDefinition, nearest } from '@cws/core'
import type { Collected, FoundRule } from './collect.ts'
import { lineOfRule } from './front-ends/typescript.ts'
import type { Options } from './options.ts'
import { tuned } from './tune.ts'

/** Why a rule or a file does not run. */
export interface Rejection {
  /** Id of the rule, or the file or package. */
  readonly id: string
  /** File, with the line where it is known, or package. */
  readonly origin: string
  readonly error: Error
}

export interface Loaded {
  readonly rules: readonly CheckedRule[]
  readonly rejected: readonly Rejection[]
  /** Ids that `tune` turned off. */
  readonly off: readonly string[]
  readonly warnings: readonly Warning[]
}

export interface Warning {
  readonly message: string
  /** The excerpt that it is about. */
  readonly frame?: string | undefined
}

/** Checks and tunes all rules. A bad one loses only itself; of two with one id the first runs. */
export function load(found: Collected, tune: Options['tune'], find: (type: string) => EventDefinition): Loaded {
  const rules = new Map<string, CheckedRule>()
  const origins = new Map<string, string>()
  const rejected: Rejection[] = found.failed.map(({ origin, error }) => ({ id: origin, origin, error: asError(error) }))
  const off: string[] = []
  const warnings: Warning[] = []
  for (const each of found.rules) {
    const { rule, origin } = each
    const id = idOf(rule) ?? origin
    try {
      const checked = checkRule(rule, find)
      const other = origins.get(checked.id)
      if (other !== undefined) throw new CwsError('CWS_ERR_RULE', `rule "${id}": another rule has this id already, in ${other}`)
      origins.set(checked.id, origin)
      const tuning = tune[checked.id]
      if (tuning === 'off') off.push(checked.id)
      else rules.set(checked.id, tuning ? tunedOrNot(checked, tuning) : checked)
      warnings.push(...checked.warnings.map((warning) => ({ message: `rule "${id}" in ${origin}: ${warning}` })))
    } catch (error) {
      rejected.push({ id, origin: placeOf(each), error: asError(error) })
    }
  }
  for (const id of Object.keys(tune)) {
    if (origins.has(id) || rejected.some((one) => one.id === id)) continue
    const suggestion = nearest(id, origins.keys())
    warnings.push({ message: `\`tune\` names a rule that there is not: "${id}"${suggestion ? `; did you mean "${suggestion}"?` : ''}` })
  }
  return { rules: [...rules.values()], rejected, off, warnings }

  /** A change that does not fit must not cost the rule: it runs as it was written, and that is told. */
  function tunedOrNot(rule: CheckedRule, tuning: Exclude<Options['tune'][string], 'off'>): CheckedRule {
    try {
      return tuned(rule, tuning, find(rule.on))
    } catch (error) {
      const { message, frame } = error as CwsError
      warnings.push({ message: `\`tune\` of rule "${rule.id}" is ignored, it runs unchanged: ${message}`, frame })
      return rule
    }
  }
}

function placeOf({ rule, origin, file }: FoundRule): string {
  const id = idOf(rule)
  const line = file === undefined || id === undefined ? undefined : lineOfRule(file, id)
  return line === undefined ? origin : `${origin}:${line}`
}

function idOf(rule: unknown): string | undefined {
  const id = (rule as { id?: unknown } | null)?.id
  return typeof id === 'string' && id !== '' ? id : undefined
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
