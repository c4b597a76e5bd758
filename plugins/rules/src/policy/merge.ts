import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../report.ts'
import type { Path } from './document.ts'
import type { Entry, Policy } from './policy.ts'
import type { MacroDefinition, RuleDefinition } from './schema.ts'

/** An action as it is written, and where: a later policy may have added it. */
export interface WrittenAction {
  readonly policy: Policy
  readonly path: Path
  readonly value: unknown
}

/** A rule after all policies had their say. */
export interface MergedRule {
  readonly entry: Entry<RuleDefinition>
  definition: RuleDefinition
  disabled: boolean
  readonly actions: WrittenAction[]
  readonly warnings: Problem[]
}

/** A macro after all policies had their say. */
export interface MergedMacro {
  readonly entry: Entry<MacroDefinition>
  definition: MacroDefinition
  /** Why it was refused, if it was. */
  readonly errors: Problem[]
}

/** Brings rules of one id together; those that come later change the first as far as SECL lets them. In order of the first. */
export function mergeRules(entries: readonly Entry<RuleDefinition>[]): MergedRule[] {
  const rules = new Map<string, MergedRule>()
  for (const entry of entries) {
    const definition = entry.definition as RuleDefinition
    const base = rules.get(entry.id)
    if (base === undefined) {
      const disabled = definition.disabled === true
      rules.set(entry.id, { entry, definition, disabled, actions: actionsOf(entry, definition), warnings: [...entry.warnings] })
    } else changeRule(base, entry, definition)
  }
  return [...rules.values()]
}

function changeRule(base: MergedRule, entry: Entry<RuleDefinition>, later: RuleDefinition): void {
  const disables = later.disabled === true
  base.warnings.push(...entry.warnings)
  const overrides = later.combine === 'override'
  if (disables !== base.disabled) {
    if (!disables) base.disabled = false
    else if (base.entry.policy.isDefault && !entry.policy.isDefault) base.disabled = true
    else base.warnings.push(warning(entry, 'only a rule of the default policy can be disabled by a later policy: it stays on'))
  } else if (!overrides) base.warnings.push(warning(entry, `this rule stands in ${placeText(base.entry)} already: the first is taken`))
  if (overrides && !disables) override(base, entry, later)
}

function override(base: MergedRule, entry: Entry<RuleDefinition>, later: RuleDefinition): void {
  const fields = new Set(later.override_options?.fields ?? [])
  if (fields.has('all') && !base.entry.policy.isDefault) {
    fields.delete('all')
    base.warnings.push(warning(entry, '`all` overrides rules of the default policy only'))
  }
  if (fields.has('expression') || fields.size === 0)
    base.warnings.push(warning(entry, 'an expression cannot be overridden: name what can be in `override_options.fields`'))
  if (fields.has('all')) {
    const { expression } = base.definition
    base.definition = { ...later, ...(expression === undefined ? {} : { expression }) }
    base.actions.splice(0, Number.POSITIVE_INFINITY, ...actionsOf(entry, later))
    return
  }
  const { definition } = base
  if (fields.has('actions'))
    for (const action of actionsOf(entry, later))
      if (!base.actions.some(({ value }) => isDeepStrictEqual(value, action.value))) base.actions.push(action)
  base.definition = {
    ...definition,
    ...(fields.has('every') ? { every: later.every } : {}),
    ...(fields.has('tags') ? { tags: { ...definition.tags, ...later.tags } } : {}),
    ...(fields.has('product_tags') ? { product_tags: later.product_tags } : {}),
  }
}

/** Brings macros of one id together. */
export function mergeMacros(entries: readonly Entry<MacroDefinition>[]): MergedMacro[] {
  const macros = new Map<string, MergedMacro>()
  for (const entry of entries) {
    const definition = entry.definition as MacroDefinition
    const base = macros.get(entry.id)
    if (base === undefined) {
      const errors: Problem[] = []
      if ((definition.expression === undefined) === (definition.values === undefined))
        errors.push(warning(entry, `macro "${entry.id}" needs one of \`expression\` and \`values\``))
      macros.set(entry.id, { entry, definition, errors })
    } else changeMacro(base, entry, definition)
  }
  return [...macros.values()]
}

function changeMacro(base: MergedMacro, entry: Entry<MacroDefinition>, later: MacroDefinition): void {
  const { definition } = base
  if (later.combine === undefined) return
  if (definition.values === undefined || later.values === undefined) {
    base.errors.push(warning(entry, `macro "${entry.id}" cannot be changed: only \`values\` can be merged and overridden`))
    return
  }
  const values = later.combine === 'merge' ? [...definition.values, ...later.values] : later.values
  base.definition = { ...definition, values: [...new Set(values)] }
}

function actionsOf({ policy, path }: Entry<RuleDefinition>, { actions = [] }: RuleDefinition): WrittenAction[] {
  return actions.map((value, i) => ({ policy, path: [...path, 'actions', i], value }))
}

function warning({ policy, path }: Entry<unknown>, message: string): Problem {
  return policy.problem('error', `${policy.origin}: ${message}`, path)
}

function placeText({ policy, path }: Entry<unknown>): string {
  return `${policy.origin}:${policy.place(path).line}`
}
