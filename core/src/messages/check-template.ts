import type { Scope } from '../condition/ir.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { compileTemplate } from './template.ts'
import { templateProblems } from './template-problems.ts'
import type { Mention } from './value.ts'

/**
 * Reads a template, returns whom it mentions, and tells `warn` what goes wrong with it at signals of some kind; `events`: types besides the standard ones.
 * @throws CwsError CWS_ERR_TEMPLATE
 */
export function checkTemplate(
  text: string,
  scope: Scope,
  warn: (problem: string) => void,
  events: readonly EventDefinition[] = [],
): readonly Mention[] {
  const template = compileTemplate(text, scope)
  for (const problem of templateProblems(template, events)) warn(problem)
  return template.mentions
}
