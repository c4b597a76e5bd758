import { hash } from 'node:crypto'
import {
  CwsError,
  compileCondition,
  conditionOf,
  type EventDefinition,
  type Field,
  type Finding,
  int,
  messageOf,
  nearest,
  type Predicate,
  type Severity,
  severities,
  string,
} from '@cws/core'
import type { z } from 'zod'
import { durationOf } from './duration.ts'
import { keyWords } from './key.ts'
import { type DetectionInput, detection as shape } from './shape.ts'
import { type CheckedSuppression, checkSuppression } from './suppression.ts'

/** What a detection's rules are: their ids, each with the types of events that it is on; a rule on writes is on several. */
export type KnownRules = ReadonlyMap<string, readonly string[]>

/** Rules by their ids, several of which may be one rule on several types of events. */
export function knownRules(rules: Iterable<{ readonly id: string; readonly on: string }>): KnownRules {
  const known = new Map<string, readonly string[]>()
  for (const { id, on } of rules) known.set(id, [...(known.get(id) ?? []), on])
  return known
}

/** Events of a case, by dotted field name, with `on` and `after`. */
export type DetectionCase = readonly Readonly<Record<string, unknown>>[]

/** A detection that fits the model and its rules, ready to run. */
export interface CheckedDetection {
  readonly id: string
  readonly kind: DetectionInput['kind']
  /** Rules of each step; of what is no sequence all are one step. */
  readonly steps: readonly (readonly string[])[]
  readonly by: readonly string[]
  /** ms: the window, or the time of learning. */
  readonly within: number
  /** `within` as it was written. */
  readonly time: string
  readonly count: number
  /** The field of which values are counted, or are new; `rule.id` for the rule. */
  readonly value: string | undefined
  readonly cases: readonly { readonly holds: Predicate; readonly severity: Severity; readonly name: string | undefined }[]
  /** Whether findings of its rules are not told themselves. */
  readonly absorbs: boolean
  readonly finding: Finding
  readonly suppress: readonly CheckedSuppression[]
  readonly tests: { readonly fires: readonly DetectionCase[]; readonly silent: readonly DetectionCase[] }
  readonly warnings: readonly string[]
  /** Equal for detections whose memories mean the same. */
  readonly fingerprint: string
}

/** What a message may show besides fields. */
const VARIABLES: readonly string[] = ['count', 'distinct', 'within', 'case', 'author']

/** What a case or a suppression may ask of a finding besides its event. */
export const findingFields: Readonly<Record<string, Field>> = {
  count: int('Findings in the window'),
  distinct: int('Different values in the window'),
  severity: int('Severity of the finding', { constants: Object.fromEntries(severities.map((name, rank) => [name, rank])) }),
  'rule.id': string('Id of the rule or detection'),
}

/**
 * Checks a detection written as data, in TypeScript or in a policy file, against the rules that run and the model.
 * @throws CwsError CWS_ERR_RULE naming all that is wrong with it.
 */
export function checkDetection(data: unknown, rules: KnownRules, find: (type: string) => EventDefinition): CheckedDetection {
  const parsed = shape.safeParse(data)
  const name = JSON.stringify((data as { id?: unknown } | null)?.id ?? '(without an id)')
  const refuse = (problems: readonly string[], cause?: unknown): never => {
    throw new CwsError('CWS_ERR_RULE', `detection ${name}: ${problems.join('; ')}`, { cause })
  }
  if (!parsed.success) return refuse(problemsOf(parsed.error, data))
  const given = parsed.data
  const steps = stepsOf(given)
  const problems: string[] = []

  const types = new Set<string>()
  for (const rule of steps.flat()) {
    const on = rules.get(rule)
    if (on !== undefined) for (const type of on) types.add(type)
    else problems.push(`there is no rule "${rule}"${suggest(rule, rules.keys())}`)
  }
  if (rules.has(given.id)) problems.push(`a rule has the id "${given.id}" already`)
  if (problems.length > 0) return refuse(problems)

  const definitions = [...types].map(find)
  const { id, by, severity, message, advice, tags } = given
  for (const field of by) if (!keyWords.includes(field)) problems.push(...lacking('by', field, definitions, keyWords))
  const value = given.kind === 'threshold' ? given.distinct : given.kind === 'new-value' ? given.value : undefined
  if (value !== undefined && value !== 'rule.id')
    problems.push(...lacking(given.kind === 'threshold' ? 'distinct' : 'value', value, definitions))
  const last = [...new Set((steps.at(-1) as string[]).flatMap((rule) => rules.get(rule) ?? []))].map(find)
  for (const [, field] of message.matchAll(/\{\{@([a-z0-9_.]+)\}\}/g)) problems.push(...lacking('message', field as string, last, [], true))

  for (const [, variable] of message.matchAll(/\{\{([a-z0-9_.]+)\}\}/g))
    if (!VARIABLES.includes(variable as string))
      problems.push(`\`message\` has {{${variable}}}, it can have ${VARIABLES.map((one) => `{{${one}}}`).join(', ')}`)

  const fields = scopeOf(last)
  const warnings: string[] = []
  const cases = given.cases.map((one, i) => {
    let holds: Predicate = () => false
    try {
      holds = compileCondition(conditionOf(one.when as string, { type: 'detection', fields }, (warning) => warnings.push(warning)))
    } catch (error) {
      problems.push(`\`cases[${i}].when\`: ${messageOf(error)}`)
    }
    return { holds, severity: one.severity, name: one.name }
  })
  const suppress: CheckedSuppression[] = []
  for (const one of given.suppress) {
    try {
      suppress.push(checkSuppression({ ...one, rules: [id] }, fields))
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  if (problems.length > 0) return refuse(problems)

  const time = given.kind === 'new-value' ? given.learn : given.within
  return {
    id,
    kind: given.kind,
    steps,
    by,
    within: durationOf(time) as number,
    time,
    count: given.kind === 'threshold' ? given.count : 1,
    value,
    cases,
    absorbs: given.findings === 'absorb',
    finding: Object.freeze({
      rule: id,
      name: given.name,
      severity,
      title: given.name,
      message,
      tags: Array.isArray(tags) ? tags : Object.entries(tags).map(([key, value]) => `${key}:${value}`),
      ...(advice === undefined ? {} : { advice }),
    }),
    suppress,
    tests: { fires: given.tests?.fires ?? [], silent: given.tests?.silent ?? [] },
    warnings,
    fingerprint: fingerprintOf([given.kind, by, value ?? null, ...(given.kind === 'new-value' ? [] : steps)]),
  }
}

function fingerprintOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 16)
}

/** The fields that a condition on the finding may read: its own, and those that one of the events has. */
export function scopeOf(definitions: readonly EventDefinition[]): Map<string, Field> {
  const fields = new Map<string, Field>(Object.entries(findingFields))
  for (const definition of definitions) for (const [name, field] of definition.fields) fields.set(name, field)
  return fields
}

function stepsOf(given: DetectionInput): string[][] {
  const idOf = (rule: string | { id: string }) => (typeof rule === 'string' ? rule : rule.id)
  return given.kind === 'sequence' ? given.steps.map((step) => (Array.isArray(step) ? step : [step]).map(idOf)) : [given.of.map(idOf)]
}

/** What is wrong with a field that all events must have, with one value each; `any`: one event that has it will do, and it may be a list. */
function lacking(
  key: string,
  field: string,
  definitions: readonly EventDefinition[],
  words: readonly string[] = [],
  any = false,
): string[] {
  const without = definitions.filter((definition) => !definition.fields.has(field))
  if (without.length > (any ? definitions.length - 1 : 0)) {
    const names = [...words, ...definitions.flatMap((definition) => [...definition.fields.keys()])]
    return [`\`${key}\` names "${field}", which ${without.map(({ type }) => type).join(', ')} does not have${suggest(field, names)}`]
  }
  if (!any && definitions.some((definition) => definition.fields.get(field)?.array))
    return [`\`${key}\` takes fields that have one value, "${field}" is a list`]
  return []
}

function suggest(word: string, candidates: Iterable<string>, quote = '"'): string {
  const suggestion = nearest(word, candidates)
  return suggestion && suggestion !== word ? `; did you mean ${quote}${suggestion}${quote}?` : ''
}

/** zod's findings, short, with the nearest key for one that there is not. */
function problemsOf(error: z.ZodError, data: unknown): string[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [`expected an object, not ${JSON.stringify(data)}`]
  return error.issues.map((issue) => {
    const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
      return issue.keys.map((key) => `there is no key \`${key}\`${suggest(key, keysOf(data), '`')}`).join('; ')
    return `${place === '' ? '' : `\`${place.replace(/^\./, '')}\`: `}${issue.message}`
  })
}

/** Keys that a detection of this kind can have. */
function keysOf(data: object): readonly string[] {
  const kind = (data as { kind?: unknown }).kind
  return shape.options.filter(({ shape }) => shape.kind.value === kind).flatMap(({ shape }) => Object.keys(shape))
}
