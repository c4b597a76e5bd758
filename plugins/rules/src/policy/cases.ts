import { compileCondition, type Readable, type RuleCase, UNKNOWN } from '@cws/core'
import type { PolicyRule } from './compile-rule.ts'

/**
 * What is wrong with the cases that stand in a rule of a policy: one of `fires` on which it is not true, one of `silent` on which it is not
 * false. Variables have their initial values.
 */
export function problemsOfCases({ cases, written, variables }: PolicyRule): string[] {
  const holds = compileCondition(written, {
    variable: (name) => {
      const variable = variables.get(name)
      return variable && (() => variable.initial)
    },
  })
  const problems: string[] = []
  for (const kind of ['fires', 'silent'] as const)
    for (const [i, one] of cases[kind].entries()) {
      const truth = holds(subjectOf(one))
      if (truth === UNKNOWN) problems.push(`tests.${kind}[${i}] is UNKNOWN: it does not say enough`)
      else if (truth !== (kind === 'fires')) problems.push(`tests.${kind}[${i}] ${truth ? 'fires' : 'does not fire'}`)
    }
  return problems
}

function subjectOf(one: RuleCase): Readable {
  return { get: (field) => one[field] ?? UNKNOWN }
}
