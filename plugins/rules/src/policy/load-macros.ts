import { CwsError, cyclesIn, type Macro, parseMacro } from '@cws/core'
import type { Problem } from '../report.ts'
import { isConstant } from './declare.ts'
import { FIM_FIELDS } from './fim-write.ts'
import type { HostFacts } from './host-filter.ts'
import { mergeMacros } from './merge.ts'
import { type Policy, PolicyError } from './policy.ts'
import { leftOut } from './select.ts'

export interface LoadedMacros {
  readonly macros: ReadonlyMap<string, Macro>
  readonly problems: ReadonlyMap<Policy, readonly Problem[]>
}

/** Selects, merges and parses the macros of all policies. A bad one loses itself: what uses it is refused for want of it. */
export function loadMacros(policies: readonly Policy[], facts: HostFacts): LoadedMacros {
  const problems = new Map<Policy, Problem[]>(policies.map((policy) => [policy, []]))
  const tell = (policy: Policy, id: string, found: readonly Problem[]) =>
    problems.get(policy)?.push(...found.map((one) => ({ ...one, message: `macro "${id}": ${one.message}` })))

  const accepted = policies
    .flatMap((policy) => policy.macros)
    .filter((entry) => {
      try {
        if (entry.definition === undefined) throw new PolicyError(entry.errors)
        return leftOut(entry, facts) === undefined
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error
        tell(entry.policy, entry.id, error.problems)
        return false
      }
    })

  const macros = new Map<string, Macro>()
  const owners = new Map<string, { readonly policy: Policy; readonly path: readonly (string | number)[] }>()
  for (const { entry, definition, errors } of mergeMacros(accepted)) {
    const { policy, id, path } = entry
    const at = [...path, definition.expression === undefined ? 'values' : 'expression']
    if (errors.length > 0) tell(policy, id, errors)
    else if (isConstant(id)) tell(policy, id, [policy.problem('error', 'a constant has this name, and would be meant', [...path, 'id'])])
    else if (definition.expression?.includes(FIM_FIELDS))
      tell(policy, id, [policy.problem('error', `\`${FIM_FIELDS}*\` is for rules, not for macros`, at)])
    else {
      try {
        const { expression, values = [] } = definition
        macros.set(id, parseMacro(id, expression === undefined ? { values } : { expression }))
        owners.set(id, { policy, path: at })
      } catch (error) {
        if (!(error instanceof CwsError)) throw error
        tell(policy, id, [policy.problemInText('syntax_error', error, at)])
      }
    }
  }
  for (const [id, round] of cyclesIn(macros)) {
    const owner = owners.get(id)
    if (owner) tell(owner.policy, id, [owner.policy.problem('error', `it uses itself: ${round}`, owner.path)])
    macros.delete(id)
  }
  return { macros, problems }
}
