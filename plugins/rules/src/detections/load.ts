import { type CheckedRule, CwsError, type ModelView, messageOf, nearest } from '@cws/core'
import type { Options, Tuning } from '../options.ts'
import type { Problem, RuleStatus } from '../report.ts'
import { type CheckedDetection, checkDetection, knownRules, scopeOf } from './check.ts'
import { type CheckedSuppression, checkSuppression } from './suppression.ts'

/** A detection or a suppression as it was written, and where. */
export interface Written {
  readonly data: unknown
  /** What is known of it before it is checked. */
  readonly status: RuleStatus
}

export interface DetectionSources {
  readonly detections: readonly Written[]
  readonly suppressions: readonly Written[]
  readonly tune: Options['tune']
}

export interface LoadedDetections {
  readonly detections: readonly CheckedDetection[]
  readonly suppressions: readonly CheckedSuppression[]
  /** What became of each detection, and of each suppression that was refused. */
  readonly statuses: readonly RuleStatus[]
  readonly warnings: readonly { readonly message: string }[]
}

/** Checks detections against the rules that run, or are `off`, and suppressions against both. A bad one loses only itself. */
export function loadDetections(
  found: DetectionSources,
  rules: readonly CheckedRule[],
  off: ReadonlyMap<string, CheckedRule>,
  model: Pick<ModelView, 'get' | 'types'>,
  now = Date.now(),
): LoadedDetections {
  const detections = new Map<string, CheckedDetection>()
  const suppressions = new Map<string, CheckedSuppression>()
  const statuses: RuleStatus[] = []
  const warnings: { readonly message: string }[] = []
  const warn = (message: string) => void warnings.push({ message })
  const known = knownRules([...off.values(), ...rules])
  const typesOf = (ids: readonly string[]) => [...new Set(ids.flatMap((rule) => known.get(rule) ?? []))]

  const add = (suppression: CheckedSuppression) => {
    if (suppressions.has(suppression.id))
      throw new CwsError('CWS_ERR_RULE', `suppression "${suppression.id}": another one has this id already`)
    suppressions.set(suppression.id, suppression)
    if (suppression.until <= now)
      warn(`suppression "${suppression.id}" has ended (${new Date(suppression.until).toISOString()}): it suppresses nothing any more`)
  }
  const attempt = ({ status }: Written, work: () => void) => {
    try {
      work()
    } catch (error) {
      const { line, column } = status
      const problem: Problem = { class: 'error', message: messageOf(error), line, column }
      statuses.push({ ...status, state: 'rejected', errors: [problem] })
    }
  }

  const disabled = new Set<string>()
  for (const written of found.detections)
    attempt(written, () => {
      const { status, data } = written
      const checked = checkDetection(data, known, model.get)
      const { id, finding, steps } = checked
      if (detections.has(id) || disabled.has(id)) throw new CwsError('CWS_ERR_RULE', `detection "${id}": another one has this id already`)
      const about = { ...status, name: finding.title, severity: finding.severity, on: typesOf(steps.flat()), steps: steps.map(typesOf) }
      const tuning = found.tune[id]
      if (tuning === 'off') {
        disabled.add(id)
        statuses.push({ ...about, state: 'disabled' })
        return
      }
      if (steps.some((step) => step.every((rule) => off.has(rule))))
        warn(`detection "${id}" cannot fire: the rules that it looks at are off`)
      for (const warning of checked.warnings) warn(`detection "${id}" in ${status.origin}: ${warning}`)
      for (const one of checked.suppress) add(one)
      const run = tuning ? tuned(checked, tuning, warn) : checked
      detections.set(id, run)
      statuses.push({ ...about, name: run.finding.title, severity: run.finding.severity })
    })

  const subjects = new Map<string, readonly string[]>()
  for (const { id } of rules) subjects.set(id, typesOf([id]))
  for (const { id, steps } of detections.values()) subjects.set(id, typesOf(steps.at(-1) as string[]))
  for (const written of found.suppressions)
    attempt(written, () => {
      const types = new Set(rulesOf(written.data).flatMap((rule) => subjects.get(rule) ?? []))
      // Rules of other plugins may be on any event.
      const checked = checkSuppression(written.data, scopeOf([...(types.size > 0 ? types : model.types())].map(model.get)))
      for (const rule of checked.rules) {
        if (subjects.has(rule) || off.has(rule) || disabled.has(rule)) continue
        const suggestion = nearest(rule, subjects.keys())
        warn(`suppression "${checked.id}" names "${rule}", which is no rule here${suggestion ? `; did you mean "${suggestion}"?` : ''}`)
      }
      add(checked)
    })
  return { detections: [...detections.values()], suppressions: [...suppressions.values()], statuses, warnings }
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
