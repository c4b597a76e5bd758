import { CwsError, compileCondition, conditionOf, type Field, messageOf, type Predicate } from '@cws/core'
import { type SuppressionInput, suppression as shape } from './shape.ts'

/** A suppression that fits the model. */
export interface CheckedSuppression {
  readonly id: string
  readonly rules: readonly string[]
  readonly holds: Predicate
  /** ms since the epoch from which on it does not hold; infinite for `never`. */
  readonly until: number
  readonly reason: string
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

/**
 * Checks a suppression against the fields that its condition may read.
 * @throws CwsError CWS_ERR_RULE
 */
export function checkSuppression(data: unknown, fields: ReadonlyMap<string, Field>): CheckedSuppression {
  const parsed = shape.safeParse(data)
  const name = JSON.stringify((data as { id?: unknown } | null)?.id ?? '(without an id)')
  const refuse = (problem: string, cause?: unknown): never => {
    throw new CwsError('CWS_ERR_RULE', `suppression ${name}: ${problem}`, { cause })
  }
  if (!parsed.success)
    return refuse(
      parsed.error.issues.map((issue) => `${issue.path.length ? `\`${issue.path.join('.')}\`: ` : ''}${issue.message}`).join('; '),
    )
  const { id, rules, when, until, reason } = parsed.data
  if (!rules) return refuse('`rules` must say which rules and detections it is for')
  const end = endOf(until)
  if (end === undefined)
    return refuse(`\`until\` must be a time (2027-01-31, 2027-01-31T12:00:00Z) or \`never\`, not ${JSON.stringify(until)}`)
  try {
    const holds = when === undefined ? () => true as const : compileCondition(conditionOf(when as string, { type: 'finding', fields }))
    return { id, rules: rules.map((rule) => (typeof rule === 'string' ? rule : rule.id)), holds, until: end, reason }
  } catch (error) {
    return refuse(`\`when\`: ${messageOf(error)}`, error)
  }
}

function endOf(until: SuppressionInput['until']): number | undefined {
  if (until === 'never') return Number.POSITIVE_INFINITY
  if (until instanceof Date) return Number.isNaN(until.getTime()) ? undefined : until.getTime()
  const [, year, month, day] = (TIME.exec(until) ?? []).map(Number) as [number, number, number, number]
  const end = Date.parse(until)
  // JavaScript takes the 30th of February for the 2nd of March.
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
  return isDay && !Number.isNaN(end) ? end : undefined
}
