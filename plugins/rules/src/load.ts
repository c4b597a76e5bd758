import { type CheckedRule, CwsError, checkRule, nearest, type Scope } from '@cws/core'
import type { Collected, FoundRule } from './collect.ts'
import type { CheckedDetection } from './detections/check.ts'
import { loadDetections, type Written } from './detections/load.ts'
import type { CheckedSuppression } from './detections/suppression.ts'
import { RuleLines } from './front-ends/typescript.ts'
import type { Options } from './options.ts'
import type { PolicyRule } from './policy/compile-rule.ts'
import { expand } from './policy/expand.ts'
import { FimGate } from './policy/fim-write.ts'
import { type HostFacts, hostFacts } from './policy/host-filter.ts'
import type { Model } from './policy/language.ts'
import { loadPolicies } from './policy/load-policies.ts'
import { type LoadReport, type PolicyStatus, type Problem, policyState, type RuleStatus } from './report.ts'
import { type TunedRule, tuned } from './tune.ts'

export interface Warning {
  readonly message: string
  /** The excerpt that it is about. */
  readonly frame?: string | undefined
}

/** What is loaded: the rules that run, and what became of each that there is. */
export interface Loaded {
  readonly rules: readonly TunedRule[]
  /** Those of policies among them: one on `fim.write` is several. */
  readonly policyRules: readonly (PolicyRule & TunedRule)[]
  readonly detections: readonly CheckedDetection[]
  readonly suppressions: readonly CheckedSuppression[]
  readonly report: LoadReport
  /** Of rules on `fim.write`; absent where nobody knows what is fed. */
  readonly fimGate: FimGate | undefined
  /** Ids that `tune` turned off. */
  readonly off: readonly string[]
}

/** Checks and tunes all rules. A bad one loses only itself; of two with one id the first runs. */
export function load(found: Collected, tune: Options['tune'], model: Model, facts: HostFacts = hostFacts()): Loaded {
  const rules: TunedRule[] = []
  const policyRules: (PolicyRule & TunedRule)[] = []
  const statuses: RuleStatus[] = []
  const warnings: Warning[] = []
  const off = new Map<string, CheckedRule>()
  const origins = new Map<string, string>()
  const lines = new RuleLines()
  const fimGate = model.isFed && new FimGate(model.isFed)

  /** Takes a rule that is right, once; what `tune` says of it holds. */
  const take = <R extends CheckedRule>(
    rule: R,
    status: RuleStatus,
    scope: Scope,
    into: (run: R & TunedRule) => Partial<RuleStatus>,
  ): void => {
    const other = origins.get(rule.id)
    if (other !== undefined) {
      const message = `rule "${rule.id}": another rule has this id already, in ${other}`
      statuses.push({ ...status, state: 'rejected', errors: [{ class: 'error', message, line: status.line, column: status.column }] })
      return
    }
    origins.set(rule.id, status.origin)
    const tuning = tune[rule.id]
    if (tuning === 'off') {
      off.set(rule.id, rule)
      statuses.push({ ...status, state: 'disabled' })
      return
    }
    const run = tuning ? tunedOrNot(rule, tuning, scope, warnings) : (rule as R & TunedRule)
    const { name, severity } = run.finding
    statuses.push({ ...status, name, severity, ...into(run) })
  }

  for (const each of found.rules) {
    const status = statusOf(each, lines)
    try {
      const rule = checkRule(each.rule, model.get)
      const told = rule.warnings.map((message): Problem => ({ class: 'error', message }))
      warnings.push(...rule.warnings.map((warning) => ({ message: `rule "${rule.id}" in ${each.origin}: ${warning}` })))
      take(rule, { ...status, on: [rule.on], warnings: told }, model.get(rule.on), (run) => {
        rules.push(run)
        return {}
      })
    } catch (error) {
      statuses.push({ ...status, state: 'rejected', errors: [problemOf(error, status.line)] })
    }
  }
  const { rules: ofPolicies, policies, ...written } = loadPolicies(found.policies, model, facts)
  for (const { rule, status } of ofPolicies) {
    if (rule === undefined) statuses.push(status)
    else
      take(rule, status, rule.scope, (run) => {
        const copies = expand(run, model, fimGate)
        if (copies.length === 0) {
          const message = 'no event that shows a write has all the fields of the rule'
          return { state: 'rejected', errors: [{ class: 'error', message, line: status.line, column: status.column }] }
        }
        policyRules.push(...copies)
        return { on: [...new Set(copies.map((copy) => copy.on))] }
      })
  }
  const { detections, suppressions, ...told } = loadDetections(
    {
      detections: [...found.detections.map((one) => ({ data: one.rule, status: statusOf(one, lines) })), ...written.detections],
      suppressions: [...found.suppressions.map(ofOptions), ...written.suppressions],
      tune,
    },
    [...rules, ...policyRules],
    off,
    model,
  )
  statuses.push(...told.statuses)
  warnings.push(...told.warnings)
  const ids = new Set(statuses.map((status) => status.id))
  for (const id of Object.keys(tune)) {
    if (ids.has(id)) continue
    const suggestion = nearest(id, ids)
    warnings.push({ message: `\`tune\` names a rule that there is not: "${id}"${suggestion ? `; did you mean "${suggestion}"?` : ''}` })
  }
  const failed = found.failed.map(({ origin, error }) => ({ origin, problem: problemOf(error, undefined) }))
  return {
    rules: [...rules, ...policyRules],
    policyRules,
    fimGate,
    detections,
    suppressions,
    off: [...off.keys(), ...told.statuses.filter(({ state }) => state === 'disabled').map(({ id }) => id)],
    report: { rules: statuses, policies: policies.map((policy) => withDetections(policy, told.statuses, statuses)), failed, warnings },
  }
}

/** A change that does not fit must not cost the rule: it runs as it was written, and that is told. */
function tunedOrNot<R extends CheckedRule>(
  rule: R,
  tuning: Exclude<Options['tune'][string], 'off'>,
  scope: Scope,
  warnings: Warning[],
): R & TunedRule {
  try {
    return { ...rule, ...tuned(rule, tuning, scope) }
  } catch (error) {
    const { message, frame } = error as CwsError
    warnings.push({ message: `\`tune\` of rule "${rule.id}" is ignored, it runs unchanged: ${message}`, frame })
    return rule
  }
}

function statusOf({ rule, origin, file }: FoundRule, lines: RuleLines): RuleStatus {
  const id = idOf(rule)
  const line = file === undefined || id === undefined ? undefined : lines.of(file, id)
  return { id: id ?? origin, state: 'loaded', origin, file, line, on: [], errors: [], warnings: [] }
}

/** What became of a policy in which there are detections, too. */
function withDetections(policy: PolicyStatus, others: readonly RuleStatus[], all: readonly RuleStatus[]): PolicyStatus {
  if (policy.state === 'error' || !others.some(({ origin }) => origin === policy.file)) return policy
  const states = all.filter(({ origin }) => origin === policy.file).map(({ state }) => state)
  return { ...policy, state: policyState(states, policy.errors.length) }
}

function ofOptions(data: unknown, index: number): Written {
  const origin = `suppressions[${index}]`
  return { data, status: statusOf({ rule: data, origin }, new RuleLines()) }
}

function idOf(rule: unknown): string | undefined {
  const id = (rule as { id?: unknown } | null)?.id
  return typeof id === 'string' && id !== '' ? id : undefined
}

function problemOf(thrown: unknown, line: number | undefined): Problem {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { class: 'error', message: error.message, line, frame: error instanceof CwsError ? error.frame : undefined }
}
