import type { Scope } from '../condition/ir.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { compileTemplate } from './template.ts'
import { templateProblems } from './template-problems.ts'

/**
 * Reads a template, and tells `warn` what goes wrong with it at signals of some kind; `events`: types besides the standard ones.
 * @throws CwsError CWS_ERR_TEMPLATE
 */
export function checkTemplate(text: string, scope: Scope, warn: (problem: string) => void, events: readonly EventDefinition[] = []): void {
  for (const problem of templateProblems(compileTemplate(text, scope), events)) warn(problem)
}
