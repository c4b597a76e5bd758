import { checkExpression } from './check.ts'
import type { ConditionWarning, Environment } from './environment.ts'
import type { Condition, Scope } from './ir.ts'
import { parseText, reportIn } from './parse-text.ts'
import { refuseIn } from './source.ts'

/**
 * Parses an expression of the rule language (SECL) and checks it against a scope and what else it may use. `warn` hears of what is legal but
 * misleading, as `environment.report` does.
 * @throws CwsError CWS_ERR_CONDITION with `line:column` in the message, both as numbers, and a code frame.
 */
export function parseCondition(text: string, scope: Scope, warn?: (warning: string) => void, environment: Environment = {}): Condition {
  const heard: Environment = warn ? { ...environment, report: reportTo(warn, environment) } : environment
  const node = parseText(text, heard)
  return checkExpression(node, scope, heard, refuseIn(text), (code, at, message) => reportIn(text, heard, code, at, message))
}

function reportTo(warn: (warning: string) => void, { report }: Environment): (warning: ConditionWarning) => void {
  return (warning) => {
    report?.(warning)
    warn(`${warning.line}:${warning.column}: ${warning.message}`)
  }
}
