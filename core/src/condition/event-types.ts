import { legacyField } from '../model/legacy-names.ts'
import type { Environment, Macro } from './environment.ts'
import { constantNamed } from './names.ts'
import { parseText } from './parse-text.ts'
import { refuseIn } from './source.ts'
import { type Node, partsOf } from './syntax.ts'
import { textListOf } from './text-list.ts'

/** Names that are looked at, macros as often as they are used. */
const MAX_TERMS = 65_536

/**
 * Which of some event types an expression speaks of: those of whose own fields (`open.file.path`) it uses one, the macros that it uses
 * included. A rule needs exactly one. Nothing is said of whether there are such fields.
 * @throws CwsError CWS_ERR_CONDITION if the text, or a macro, is no expression
 */
export function eventTypesIn(text: string, types: Iterable<string>, environment: Environment = {}): Set<string> {
  const known: ReadonlySet<string> = types instanceof Set ? types : new Set(types)
  const found = new Set<string>()
  for (const name of namesUsed(parseText(text, environment), environment, refuseIn(text))) {
    const plain = name.replace(/\[[^\]]*\]/g, '')
    const field = legacyField(plain) ?? plain
    const type = typeOf(field, known)
    if (type !== undefined) found.add(type)
  }
  return found
}

/** `agent.lost_events` before `agent`, were there one. */
function typeOf(field: string, known: ReadonlySet<string>): string | undefined {
  for (let end = field.lastIndexOf('.'); end > 0; end = field.lastIndexOf('.', end - 1)) {
    const type = field.slice(0, end)
    if (known.has(type)) return type
  }
  return undefined
}

/** Names of fields in an expression, as they are written. */
function namesUsed(root: Node, { macros }: Environment, refuse: (at: number, message: string) => never): Set<string> {
  const names = new Set<string>()
  const done = new Set<string>()
  let terms = 0
  const visit = (node: Node): void => {
    if (++terms > MAX_TERMS) refuse(0, `the condition has more than ${MAX_TERMS} terms, those of its macros included`)
    if (node.kind === 'reference') names.add(node.name)
    else if (node.kind === 'string') namesInText(node.text, names)
    else if (node.kind === 'name' && constantNamed(node.name) === undefined) {
      const macro = macros?.get(node.name)
      if (!macro) names.add(node.name)
      else if (!done.has(node.name)) {
        done.add(node.name)
        const listed = namesListedIn(macro)
        if (listed) for (const name of listed) names.add(name)
        else visit(macro.node)
      }
    }
    for (const part of partsOf(node)) visit(part)
  }
  visit(root)
  return names
}

function namesInText(text: string, into: Set<string>): void {
  for (const [, name] of text.matchAll(/%\{([^}]*)\}/g)) into.add(name as string)
}

const listed = new WeakMap<Macro, ReadonlySet<string>>()

/** Of a macro that is a list of texts, looked through once: such lists can be long. */
function namesListedIn(macro: Macro): ReadonlySet<string> | undefined {
  let names = listed.get(macro)
  if (names === undefined && textListOf(macro)?.members) {
    const found = new Set<string>()
    if (macro.node.kind === 'list') for (const item of macro.node.items) if (item.kind === 'string') namesInText(item.text, found)
    names = found
    listed.set(macro, names)
  }
  return names
}
