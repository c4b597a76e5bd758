import type { Macro } from '@cws/core'
import type { Written } from '../detections/load.ts'
import { type PolicyStatus, type Problem, policyState, type RuleStatus } from '../report.ts'
import { compileRule, type PolicyRule } from './compile-rule.ts'
import { Declarations } from './declare.ts'
import type { HostFacts } from './host-filter.ts'
import { Language, type Model } from './language.ts'
import { loadMacros } from './load-macros.ts'
import { type MergedRule, mergeRules } from './merge.ts'
import { type Entry, type Item, Policy, PolicyError } from './policy.ts'
import { leftOut } from './select.ts'

/** A policy file as it was read. */
export interface PolicyText {
  /** For people. */
  readonly origin: string
  readonly file: string
  readonly text: string
}

/** Rules of policies, and what became of each that a policy names. `rule` is there if it runs. */
export interface LoadedPolicies {
  readonly rules: readonly { readonly rule: PolicyRule | undefined; readonly status: RuleStatus }[]
  readonly detections: readonly Written[]
  readonly suppressions: readonly Written[]
  readonly policies: readonly PolicyStatus[]
}

/** Bytes of all policies together. */
export const LARGEST_SET = 8 << 20
const MOST_RULES = 20_000

/** Reads, selects, merges and checks the rules of some policies. A bad rule loses itself, a bad file only that file. */
export function loadPolicies(texts: readonly PolicyText[], model: Model, facts: HostFacts): LoadedPolicies {
  const policies: Policy[] = []
  const lost: PolicyStatus[] = []
  let bytes = 0
  let count = 0
  // The default policy is the base, wherever it is named; of several the first.
  for (const { origin, file, text } of defaultFirst(texts)) {
    try {
      bytes += Buffer.byteLength(text)
      if (bytes > LARGEST_SET)
        throw new PolicyError([{ class: 'error', message: `all policies together are larger than ${LARGEST_SET} bytes` }])
      const policy = new Policy(origin, file, text)
      count += policy.rules.length + policy.macros.length
      if (count > MOST_RULES)
        throw new PolicyError([{ class: 'error', message: `all policies together have more than ${MOST_RULES} rules and macros` }])
      policies.push(policy)
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      lost.push({ file: origin, version: '', state: 'error', errors: error.problems, warnings: [] })
    }
  }
  const { macros, problems } = loadMacros(policies, facts)
  const rules = loadRules(policies, model, macros, facts)
  const statusOf = (policy: Policy): PolicyStatus => {
    const states = rules.filter(({ status }) => status.file === policy.file).map(({ status }) => status.state)
    const errors = problems.get(policy) ?? []
    return { file: policy.origin, version: policy.version, state: policyState(states, errors.length), errors, warnings: policy.warnings }
  }
  return {
    rules,
    detections: policies.flatMap((policy) => policy.detections.map(written)),
    suppressions: policies.flatMap((policy) => policy.suppressions.map(written)),
    policies: [...policies.map(statusOf), ...lost],
  }
}

function written({ policy, path, value }: Item): Written {
  const { origin, file } = policy
  const id = (value as { id?: unknown } | null)?.id
  const name = typeof id === 'string' && id !== '' ? id.slice(0, 256) : `${origin}#${path.join('.')}`
  return { data: value, status: { id: name, state: 'loaded', origin, file, ...policy.place(path), on: [], errors: [], warnings: [] } }
}

function defaultFirst(texts: readonly PolicyText[]): PolicyText[] {
  const isDefault = ({ file }: PolicyText) => /(?:^|\/)default\.policy$/.test(file)
  const first = texts.find(isDefault)
  return first === undefined ? [...texts] : [first, ...texts.filter((one) => !isDefault(one))]
}

function loadRules(
  policies: readonly Policy[],
  model: Model,
  macros: ReadonlyMap<string, Macro>,
  facts: HostFacts,
): LoadedPolicies['rules'][number][] {
  const outcomes = new Map<Entry<unknown>, LoadedPolicies['rules'][number]>()
  const entries = policies.flatMap((policy) => policy.rules)
  const accepted = entries.filter((entry) => {
    const settle = (status: Partial<RuleStatus> & Pick<RuleStatus, 'state'>) =>
      outcomes.set(entry, { rule: undefined, status: { ...statusOf(entry), ...status } })
    if (entry.definition === undefined) settle({ state: 'rejected', errors: entry.errors })
    else {
      const filter = refusing(() => leftOut(entry, facts))
      if (filter.problems) settle({ state: 'rejected', errors: filter.problems })
      else if (filter.value !== undefined) settle({ state: 'filtered', filter: filter.value })
      else return true
    }
    return false
  })
  const rules = mergeRules(accepted)
  const declarations = new Declarations(rules, new Language(model, macros))
  const complete = new Language(model, macros, declarations.types)
  for (const merged of rules) outcomes.set(merged.entry, outcomeOf(merged, complete, declarations))
  return entries.flatMap((entry) => outcomes.get(entry) ?? [])
}

function outcomeOf(merged: MergedRule, language: Language, declarations: Declarations): LoadedPolicies['rules'][number] {
  const status = statusOf(merged.entry)
  if (merged.disabled) return { rule: undefined, status: { ...status, state: 'disabled', warnings: merged.warnings } }
  const { value: rule, problems } = refusing(() => compileRule(merged, language, declarations))
  if (problems) return { rule: undefined, status: { ...status, state: 'rejected', errors: problems, warnings: merged.warnings } }
  const { name, severity } = (rule as PolicyRule).finding
  return { rule, status: { ...status, state: 'loaded', on: [(rule as PolicyRule).on], name, severity, warnings: merged.warnings } }
}

function statusOf({ policy, path, id, definition, warnings }: Entry<{ readonly version?: string | undefined }>): RuleStatus {
  const { origin, file } = policy
  return { id, state: 'loaded', origin, file, ...policy.place(path), version: definition?.version, on: [], errors: [], warnings }
}

/** What a step yields, or the problems for which it was refused. */
function refusing<T>(step: () => T): { readonly value?: T; readonly problems?: readonly Problem[] } {
  try {
    return { value: step() }
  } catch (error) {
    if (error instanceof PolicyError) return { problems: error.problems }
    throw error
  }
}
