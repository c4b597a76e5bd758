import { legacyField } from '../model/legacy-names.ts'
import type { Environment } from './environment.ts'
import { constantNamed } from './names.ts'
import { parseText } from './parse-text.ts'
import { refuseIn } from './source.ts'
import { type Node, partsOf } from './syntax.ts'

/** Names that are looked at, macros as often as they are used. */
const MAX_TERMS = 65_536

/**
 * Which of some event types an expression speaks of: those of whose own fields (`open.file.path`) it uses one, the macros that it uses
 * included. A rule needs exactly one. Nothing is said of whether there are such fields.
 * @throws CwsError CWS_ERR_CONDITION if the text, or a macro, is no expression
 */
export function eventTypesIn(text: string, types: Iterable<string>, environment: Environment = {}): Set<string> {
  // `agent.lost_events` before `agent`, were there one.
  const known = [...types].sort((a, b) => b.length - a.length)
  const found = new Set<string>()
  for (const name of namesUsed(parseText(text, environment), environment, refuseIn(text))) {
    const plain = name.replace(/\[[^\]]*\]/g, '')
    const field = legacyField(plain) ?? plain
    const type = known.find((one) => field.startsWith(`${one}.`))
    if (type !== undefined) found.add(type)
  }
  return found
}

/** Names of fields in an expression, as they are written. */
function namesUsed(root: Node, { macros }: Environment, refuse: (at: number, message: string) => never): Set<string> {
  const names = new Set<string>()
  const done = new Set<string>()
  let terms = 0
  const visit = (node: Node): void => {
    if (++terms > MAX_TERMS) refuse(0, `the condition has more than ${MAX_TERMS} terms, those of its macros included`)
    if (node.kind === 'reference') names.add(node.name)
    else if (node.kind === 'string') for (const [, name] of node.text.matchAll(/%\{([^}]*)\}/g)) names.add(name as string)
    else if (node.kind === 'name' && constantNamed(node.name) === undefined) {
      const macro = macros?.get(node.name)
      if (!macro) names.add(node.name)
      else if (!done.has(node.name)) {
        done.add(node.name)
        visit(macro.node)
      }
    }
    for (const part of partsOf(node)) visit(part)
  }
  visit(root)
  return names
}
