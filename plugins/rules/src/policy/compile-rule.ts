import {
  type CheckedRule,
  type Condition,
  CwsError,
  type Finding,
  nearest,
  type RuleCase,
  type Scope,
  variablesIn,
  variablesOf,
} from '@cws/core'
import type { ErrorClass, Problem } from '../report.ts'
import { type Action, compileActions } from './actions.ts'
import type { Declaration, Declarations } from './declare.ts'
import type { Language } from './language.ts'
import type { Limit } from './limiter.ts'
import type { MergedRule } from './merge.ts'
import { PolicyError } from './policy.ts'
import type { RuleDefinition } from './schema.ts'

/** A rule of a policy, ready to run. */
export interface PolicyRule extends CheckedRule {
  /** What its condition was checked against: its event, or the fields of `fim.write`. */
  readonly scope: Scope
  /** The condition as it is written, which the cases are about: neither tuned nor of one kind of write. */
  readonly written: Condition
  /** Its tests, in the words of what is written. */
  readonly cases: CheckedRule['tests']
  readonly limit: Limit
  /** Judged and acts; what it finds only detections hear of. */
  readonly silent: boolean
  readonly actions: readonly Action[]
  readonly readsVariables: boolean
  /** All that policies declare, by name. */
  readonly variables: ReadonlyMap<string, Declaration>
  /** Judged in this order: those with the tag `execution_context` first, then the default policy's, then by priority, then as they stand. */
  readonly order: readonly [context: number, policy: number, priority: number]
}

/** Longest name that is made of a description. Characters. */
const LONGEST_NAME = 120

/**
 * Checks a rule against the model.
 * @throws PolicyError with all that is wrong with it
 */
export function compileRule(
  { entry, definition, warnings, actions }: MergedRule,
  language: Language,
  declarations: Declarations,
): PolicyRule {
  const { policy, path, id } = entry
  const { expression } = definition
  if (id.startsWith('__')) throw new PolicyError([policy.problem('error', 'ids that begin with `__` are reserved', [...path, 'id'])])
  if (expression === undefined) throw new PolicyError([policy.problem('error', 'there is no `expression`', path)])
  const at = [...path, 'expression']
  const { event, condition } = compiled(
    expression,
    language,
    (warning) => warnings.push(policy.problemInText('error', warning, at)),
    (kind, error) => policy.problemInText(kind, error, at),
  )
  const { type: on } = event
  const problems: Problem[] = []
  const check = (key: keyof RuleDefinition, fields: readonly string[]) => {
    for (const field of fields) {
      if (event.fields.has(field)) continue
      const suggestion = nearest(field, event.fields.keys())
      const message = `\`${key}\` names "${field}", which ${on} does not have${suggestion ? `; did you mean "${suggestion}"?` : ''}`
      problems.push(policy.problem('error', message, [...path, key]))
    }
  }
  check('message', variablesOf(definition.message ?? ''))
  check('group_by', definition.group_by ?? [])
  check('tests', [...(definition.tests?.fires ?? []), ...(definition.tests?.silent ?? [])].flatMap(Object.keys))
  if (problems.length > 0) throw new PolicyError(problems)
  for (const field of definition.limiter_token ?? [])
    if (!event.fields.has(field))
      warnings.push(
        policy.problem('error', `\`limiter_token\` names "${field}", which ${on} does not have: the plain limit holds`, [
          ...path,
          'limiter_token',
        ]),
      )
  const cases = (list: readonly Readonly<Record<string, unknown>>[] = []) => list.map((one) => typedCase(one, event))
  const tests = { fires: cases(definition.tests?.fires), silent: cases(definition.tests?.silent) }
  return {
    id,
    on,
    condition,
    when: undefined,
    finding: findingOf(id, definition),
    tests,
    cases: tests,
    warnings: [],
    scope: event,
    written: condition,
    actions: compileActions({ id, scope: event, actions, warnings }, declarations, language),
    readsVariables: variablesIn(condition).size > 0,
    variables: declarations.byName,
    limit: {
      everyMs: definition.every ?? 0,
      token: (definition.limiter_token ?? []).every((field) => event.fields.has(field)) ? (definition.limiter_token ?? []) : [],
    },
    silent: definition.silent === true,
    order: [
      definition.tags?.['execution_context']?.toLowerCase() === 'true' ? 0 : 1,
      policy.isDefault ? 0 : 1,
      -(definition.priority ?? 0),
    ],
  }
}

/** @throws PolicyError for what is wrong with an expression */
function compiled(
  text: string,
  language: Language,
  warn: (warning: string) => void,
  problemOf: (kind: ErrorClass, error: unknown) => Problem,
): { readonly event: Scope; readonly condition: Condition } {
  let event: Scope | undefined
  try {
    event = language.scopeOf(text)
    return { event, condition: language.condition(text, event, warn) }
  } catch (error) {
    if (!(error instanceof CwsError)) throw error
    if (!language.parses(text)) throw new PolicyError([problemOf('syntax_error', error)])
    const others = event ? language.haveInstead(error, event.type) : []
    if (others.length === 0) throw new PolicyError([problemOf('error', error)])
    throw new PolicyError([problemOf('syntax_error', `${error.message} (events that have it: ${others.slice(0, 10).join(', ')})`)])
  }
}

function findingOf(rule: string, { description, name, severity, message, advice, group_by, tags, product_tags }: RuleDefinition): Finding {
  const told = description?.trim()
  const title = name ?? nameOf(told) ?? rule
  const all = [...Object.entries(tags ?? {}).map(([key, value]) => `${key}:${value}`), ...(product_tags ?? [])]
  return Object.freeze({
    rule,
    name: title,
    severity: severity ?? 'medium',
    title,
    message: message ?? (told || title),
    ...(advice === undefined ? {} : { advice }),
    ...(all.length === 0 ? {} : { tags: [...new Set([...all, ...all.flatMap(mitre)])] }),
    ...(group_by === undefined ? {} : { groupBy: group_by }),
  })
}

/** The first sentence of a description. */
function nameOf(description: string | undefined): string | undefined {
  const sentence = description?.split(/(?<=[.!?])\s|\n/, 1)[0]?.replace(/\.$/, '')
  return sentence && sentence.length > LONGEST_NAME ? `${sentence.slice(0, LONGEST_NAME - 1)}…` : sentence || undefined
}

/** `technique:T1059-command-and-scripting-interpreter` is `mitre:T1059` too, as rules of CWS have it. */
function mitre(tag: string): string[] {
  const id = /^(?:sub)?technique:(T\d{4})(?:\.(\d{3}))?(?:-|$)/.exec(tag)
  return id ? [`mitre:${id[1]}${id[2] ? `.${id[2]}` : ''}`] : []
}

/** YAML has no wide integers apart: the model says which they are. */
function typedCase(given: Readonly<Record<string, unknown>>, event: Scope): RuleCase {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const wide = (one: unknown) => (event.fields.get(name)?.field === 'int64' && Number.isSafeInteger(one) ? BigInt(one as number) : one)
      return [name, Array.isArray(value) ? value.map(wide) : wide(value)]
    }),
  )
}
