import { fieldsIn } from '@cws/core'
import type { TunedRule } from '../tune.ts'
import type { Action } from './actions.ts'
import type { PolicyRule } from './compile-rule.ts'
import { type Copy, copiesOf, type FimGate, renamed, renameIn } from './fim-write.ts'
import type { Model } from './language.ts'

/**
 * The rules that run for a rule: itself, or for one on `fim.write` a copy for each kind of event that shows a write. All report under its id;
 * which of them fire is decided by what is fed when an event comes.
 */
export function expand(rule: PolicyRule & TunedRule, model: Model, gate: FimGate | undefined): (PolicyRule & TunedRule)[] {
  if (rule.on !== 'fim.write') return [rule]
  const { unexcepted, finding } = rule
  // Fields of exceptions too: a copy whose event has not all of them would fire in spite of one.
  const conditions = [rule.condition, ...rule.actions.flatMap(({ filter }) => filter ?? [])]
  // Variables are among them, and no fields.
  const used = conditions.flatMap((one) => [...fieldsIn(one)]).filter((name) => !name.startsWith('${'))
  const bare = unexcepted === undefined ? [] : copiesOf(unexcepted, used, model)
  return copiesOf(rule.condition, used, model).map((copy, i) => {
    const scope = model.get(copy.on)
    const { file } = copy
    const { message, groupBy } = finding
    return {
      ...rule,
      on: copy.on,
      scope,
      // They speak of `fim.write`.
      tests: { fires: [], silent: [] },
      condition: copy.condition,
      actions: rule.actions.map((action) => actionFor(action, file)),
      ...(unexcepted === undefined ? {} : { unexcepted: (bare[i] as Copy).condition }),
      ...(gate === undefined ? {} : { when: () => gate.runs(copy) }),
      finding: Object.freeze({
        ...finding,
        ...(message === undefined ? {} : { message: renamed(message, file) }),
        ...(groupBy === undefined ? {} : { groupBy: groupBy.map((field) => renamed(field, file)) }),
      }),
      limit: { ...rule.limit, token: rule.limit.token.map((field) => renamed(field, file)) },
    }
  })
}

function actionFor(action: Action, file: string): Action {
  const filter = renameIn(action.filter, file)
  if (action.kind === 'log') return { ...action, filter }
  const { value, pidField } = action
  return { ...action, filter, value: renameIn(value, file), pidField: pidField && renamed(pidField, file) }
}
