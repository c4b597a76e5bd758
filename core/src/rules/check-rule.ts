import { conditionOf } from '../condition/condition-of.ts'
import type { Condition } from '../condition/ir.ts'
import type { Where } from '../condition/where.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { Event } from '../model/event.ts'
import { nearest } from '../model/nearest.ts'
import type { Finding } from '../signals/finding.ts'
import { variablesOf } from '../signals/message.ts'
import { severities } from '../signals/severity.ts'
import type { AnyRule } from './define-rule.ts'

/** A rule that fits the model, ready to run. */
export interface CheckedRule {
  readonly id: string
  readonly on: string
  readonly condition: Condition
  readonly when: ((event: Event) => boolean) | undefined
  /** What is reported when it fires: one object for all its findings. */
  readonly finding: Finding
  readonly tests: { readonly fires: readonly RuleCase[]; readonly silent: readonly RuleCase[] }
  /** Legal but misleading places in its condition. */
  readonly warnings: readonly string[]
}

/** Values of a test case by dotted field name; null is UNKNOWN. */
export type RuleCase = Readonly<Record<string, unknown>>

const ID = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/
const KEYS = ['id', 'name', 'severity', 'on', 'where', 'when', 'tags', 'groupBy', 'message', 'advice', 'benign', 'tests']

/**
 * Checks a rule written as data against the model. `find` returns the declaration of an event type.
 * @throws CwsError CWS_ERR_RULE naming all that is wrong with it.
 */
export function checkRule(rule: unknown, find: (type: string) => EventDefinition): CheckedRule {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
    throw new CwsError('CWS_ERR_RULE', `a rule is an object, not ${Array.isArray(rule) ? 'a list' : String(rule)}`)
  const given = rule as Record<string, unknown>
  const problems: string[] = []
  let cause: unknown
  const expect = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }

  const { id, name, severity, on, message } = given as unknown as AnyRule
  for (const key of Object.keys(given)) {
    if (KEYS.includes(key)) continue
    const suggestion = nearest(key, KEYS)
    problems.push(`there is no key \`${key}\`${suggestion ? `; did you mean \`${suggestion}\`?` : ''}`)
  }
  expect(typeof id === 'string' && ID.test(id), `\`id\` must be lower-case words with dashes, not ${JSON.stringify(id)}`)
  expect(isText(name), '`name` must say in a few words what happened')
  expect(severities.includes(severity), `\`severity\` must be one of ${severities.join(', ')}, not ${JSON.stringify(severity)}`)
  expect(isText(message), '`message` must say what happened and what it means')
  expect(given['when'] === undefined || typeof given['when'] === 'function', '`when` must be a function')
  expect(given['advice'] === undefined || isText(given['advice']), '`advice` must be a text')
  for (const key of ['tags', 'groupBy', 'benign']) expect(isTextList(given[key]), `\`${key}\` must be a list of texts`)

  let definition: EventDefinition | undefined
  let condition: Condition = { op: 'always' }
  const warnings: string[] = []
  try {
    definition = find(String(on))
    condition = conditionOf(given['where'] as Where | string | undefined, definition, (warning) => warnings.push(warning))
  } catch (error) {
    cause = error
    problems.push(messageOf(error))
  }
  if (definition) problems.push(...unknownFields(given, definition))

  if (problems.length > 0) {
    const frame = cause instanceof CwsError ? cause.frame : undefined
    throw new CwsError('CWS_ERR_RULE', `rule ${JSON.stringify(id ?? '(without an id)')}: ${problems.join('; ')}`, { cause, frame })
  }
  const { tags, groupBy, advice, when, tests } = rule as AnyRule
  return {
    id,
    on,
    condition,
    when: when as CheckedRule['when'],
    finding: Object.freeze({
      rule: id,
      name,
      severity,
      title: name,
      message,
      ...(advice === undefined ? {} : { advice }),
      ...(tags === undefined ? {} : { tags }),
      ...(groupBy === undefined ? {} : { groupBy }),
    }),
    tests: { fires: (tests?.fires ?? []) as readonly RuleCase[], silent: (tests?.silent ?? []) as readonly RuleCase[] },
    warnings,
  }
}

/** Fields that the message, the grouping or a test name and that the event does not have. */
function unknownFields(rule: Record<string, unknown>, definition: EventDefinition): string[] {
  const problems: string[] = []
  const check = (where: string, field: string) => {
    if (definition.fields.has(field)) return
    const suggestion = nearest(field, definition.fields.keys())
    problems.push(`${where} names "${field}", which ${definition.type} does not have${suggestion ? `; did you mean "${suggestion}"?` : ''}`)
  }
  if (isText(rule['message'])) for (const field of variablesOf(rule['message'])) check('`message`', field)
  if (Array.isArray(rule['groupBy'])) for (const field of rule['groupBy']) check('`groupBy`', String(field))
  const tests = (rule['tests'] ?? {}) as Record<string, unknown>
  for (const kind of ['fires', 'silent']) {
    const cases = tests[kind] ?? []
    if (!Array.isArray(cases)) problems.push(`\`tests.${kind}\` must be a list of events`)
    else for (const one of cases) for (const field of Object.keys(one ?? {})) check(`\`tests.${kind}\``, field)
  }
  return problems
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function isTextList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isText))
}
