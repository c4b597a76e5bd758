import type { EventType } from '../model/event-map.ts'
import type { Environment } from './environment.ts'
import { fromWhere } from './from-where.ts'
import type { Condition, Scope } from './ir.ts'
import { parseCondition } from './parse.ts'
import type { Where } from './where.ts'

/**
 * A condition however it was written: an object, an expression, or nothing, which always holds.
 * @throws CwsError CWS_ERR_CONDITION
 */
export function conditionOf<T extends EventType>(
  where: Where<T> | string | undefined,
  scope: Scope,
  warn?: (warning: string) => void,
  environment?: Environment,
): Condition {
  if (where === undefined) return { op: 'always' }
  return typeof where === 'string' ? parseCondition(where, scope, warn, environment) : fromWhere(where, scope)
}
