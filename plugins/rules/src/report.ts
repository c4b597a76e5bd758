/** Why a rule was refused, as SECL's load reports call it. `syntax_error`: it does not parse, or names a field that its event does not have. */
export type ErrorClass = 'syntax_error' | 'event_type_disabled' | 'agent_version_error' | 'agent_filter_error' | 'error'

/** One thing that is wrong with a rule or a file. Lines and columns count from 1 and are those of the file. */
export interface Problem {
  readonly class: ErrorClass
  readonly message: string
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** The lines around with a marker. */
  readonly frame?: string | undefined
}

/**
 * `loaded`: it runs. `rejected`: it has errors. `unfed`: it runs, and cannot fire, for no sensor of this host feeds its event, or a field
 * that it needs. `filtered`: its filters or its
 * `agent_version` leave it out here. `disabled`: it, a later policy or `tune` says so.
 */
export type RuleState = 'loaded' | 'rejected' | 'unfed' | 'filtered' | 'disabled'

/** What became of one rule. */
export interface RuleStatus {
  readonly id: string
  readonly state: RuleState
  /** For people: a file, a package, or a place in the options. */
  readonly origin: string
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** Name and severity, as they are after tuning; of rules that could be read. */
  readonly name?: string | undefined
  readonly severity?: string | undefined
  readonly version?: string | undefined
  /** Types of events that it is on; of a detection, those of its rules. */
  readonly on: readonly string[]
  /** Of a detection: the types of each step, all of which must be fed. */
  readonly steps?: readonly (readonly string[])[] | undefined
  readonly errors: readonly Problem[]
  /** What is legal and may mislead: unknown keys, actions that do not act, tuning that does not fit. */
  readonly warnings: readonly Problem[]
  /** What leaves it out: `agent_version: < 7.68`, `filters: os == "windows"`. */
  readonly filter?: string | undefined
  /** What no sensor of this host feeds: its event types, or the fields for want of which it is never true. */
  readonly needs?: readonly string[] | undefined
}

/** What became of one policy file. */
export interface PolicyStatus {
  readonly file: string
  readonly version: string
  readonly state: 'loaded' | 'partially_filtered' | 'partially_loaded' | 'fully_rejected' | 'fully_filtered' | 'error'
  /** What is wrong with the file as a whole, with its macros and its keys. */
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** What became of all that `packs` names. */
export interface LoadReport {
  readonly rules: readonly RuleStatus[]
  readonly policies: readonly PolicyStatus[]
  /** Files and packages that could not be read. */
  readonly failed: readonly { readonly origin: string; readonly problem: Problem }[]
  readonly warnings: readonly { readonly message: string; readonly frame?: string | undefined }[]
}

/** `fully_filtered` and the like, of the rules that a policy brought. */
export function policyState(rules: readonly RuleState[], errors: number): PolicyStatus['state'] {
  const count = (state: RuleState) => rules.filter((one) => one === state).length
  const rejected = count('rejected') + errors
  const filtered = count('filtered')
  if (rejected > 0) return rules.length > 0 && count('rejected') < rules.length ? 'partially_loaded' : 'fully_rejected'
  if (filtered > 0) return filtered === rules.length ? 'fully_filtered' : 'partially_filtered'
  return 'loaded'
}
