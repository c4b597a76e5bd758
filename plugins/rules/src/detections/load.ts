import { type CheckedRule, CwsError, type ModelView, nearest } from '@cws/core'
import type { FoundRule } from '../collect.ts'
import type { Rejection, Warning } from '../load.ts'
import type { Options, Tuning } from '../options.ts'
import { type CheckedDetection, checkDetection, type KnownRules, scopeOf } from './check.ts'
import { type CheckedSuppression, checkSuppression } from './suppression.ts'

export interface LoadedDetections {
  readonly detections: readonly CheckedDetection[]
  readonly suppressions: readonly CheckedSuppression[]
  readonly rejected: readonly Rejection[]
  /** Ids that `tune` turned off. */
  readonly off: readonly string[]
  readonly warnings: readonly Warning[]
}

export interface DetectionSources {
  readonly detections: readonly FoundRule[]
  readonly suppressions: readonly { readonly suppression: unknown; readonly origin: string }[]
  readonly tune: Options['tune']
}

/** Checks detections against the rules that run, or are `off`, and suppressions against both. A bad one loses only itself. */
export function loadDetections(
  found: DetectionSources,
  rules: readonly CheckedRule[],
  off: KnownRules,
  model: Pick<ModelView, 'get' | 'types'>,
  now = Date.now(),
): LoadedDetections {
  const detections = new Map<string, CheckedDetection>()
  const suppressions = new Map<string, CheckedSuppression>()
  const rejected: Rejection[] = []
  const warnings: Warning[] = []
  const silenced: string[] = []
  const warn = (message: string) => warnings.push({ message })
  const known: KnownRules = new Map([...off, ...rules.map((rule) => [rule.id, rule] as const)])

  const add = (suppression: CheckedSuppression) => {
    if (suppressions.has(suppression.id))
      throw new CwsError('CWS_ERR_RULE', `suppression "${suppression.id}": another one has this id already`)
    suppressions.set(suppression.id, suppression)
    if (suppression.until <= now)
      warn(`suppression "${suppression.id}" has ended (${new Date(suppression.until).toISOString()}): it suppresses nothing any more`)
  }
  const attempt = (id: string, origin: string, work: () => void) => {
    try {
      work()
    } catch (error) {
      rejected.push({ id, origin, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  for (const { rule: data, origin } of found.detections) {
    const id = String((data as { id?: unknown }).id ?? origin)
    const tuning = found.tune[id]
    if (tuning === 'off') {
      silenced.push(id)
      continue
    }
    attempt(id, origin, () => {
      const checked = checkDetection(data, known, model.get)
      if (detections.has(id)) throw new CwsError('CWS_ERR_RULE', `detection "${id}": another one has this id already`)
      if (checked.steps.some((step) => step.every((rule) => off.has(rule))))
        warn(`detection "${id}" cannot fire: the rules that it looks at are off`)
      for (const warning of checked.warnings) warn(`detection "${id}" in ${origin}: ${warning}`)
      for (const one of checked.suppress) add(one)
      detections.set(id, tuning ? tuned(checked, tuning, warn) : checked)
    })
  }
  const subjects = new Map<string, readonly string[]>()
  for (const rule of rules) subjects.set(rule.id, [rule.on])
  for (const { id, steps } of detections.values())
    subjects.set(
      id,
      (steps.at(-1) as string[]).map((rule) => known.get(rule)?.on as string),
    )
  for (const { suppression, origin } of found.suppressions)
    attempt(String((suppression as { id?: unknown } | null)?.id ?? origin), origin, () => {
      const named = rulesOf(suppression)
      // Rules of other plugins may be on any event.
      const types = new Set(named.flatMap((rule) => subjects.get(rule) ?? []))
      const checked = checkSuppression(suppression, scopeOf([...(types.size > 0 ? types : model.types())].map(model.get)))
      for (const rule of checked.rules) {
        if (subjects.has(rule) || off.has(rule) || silenced.includes(rule)) continue
        const suggestion = nearest(rule, subjects.keys())
        warn(`suppression "${checked.id}" names "${rule}", which is no rule here${suggestion ? `; did you mean "${suggestion}"?` : ''}`)
      }
      add(checked)
    })
  return { detections: [...detections.values()], suppressions: [...suppressions.values()], rejected, off: silenced, warnings }
}

function rulesOf(suppression: unknown): readonly string[] {
  const { rules } = (suppression ?? {}) as { rules?: unknown }
  return Array.isArray(rules) ? rules.map((rule) => String((rule as { id?: unknown } | null)?.id ?? rule)) : []
}

/** A detection with the user's changes to what is told. */
function tuned(detection: CheckedDetection, { unless, groupBy, ...changes }: Tuning, warn: (message: string) => void): CheckedDetection {
  for (const [key, value] of Object.entries({ unless, groupBy }))
    if (value !== undefined)
      warn(`\`tune\` of detection "${detection.id}": \`${key}\` is for rules, it is ignored; a detection has suppressions`)
  const { severity, name, message, advice, tags } = changes
  const { finding } = detection
  return {
    ...detection,
    // A severity that is asked for is the severity, whatever the case.
    cases: severity === undefined ? detection.cases : detection.cases.map((one) => ({ ...one, severity })),
    finding: Object.freeze({
      ...finding,
      ...(severity === undefined ? {} : { severity }),
      ...(name === undefined ? {} : { name, title: name }),
      ...(message === undefined ? {} : { message }),
      ...(advice === undefined ? {} : { advice }),
      ...(tags === undefined ? {} : { tags: [...new Set([...(finding.tags ?? []), ...tags])] }),
    }),
  }
}
