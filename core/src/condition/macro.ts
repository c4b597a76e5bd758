import { CwsError } from '../errors/cws-error.ts'
import type { Environment, Macro } from './environment.ts'
import { constantNamed } from './names.ts'
import { parseText } from './parse-text.ts'
import { type Node, partsOf } from './syntax.ts'

/** A macro as it is declared: an expression, a list or one operand; or a list of plain texts. */
export type MacroDefinition = { readonly expression: string } | { readonly values: readonly string[] }

const MAX_VALUES = 65_536
/** Macros within macros that are followed; a rule that uses more is refused for its depth. */
const MAX_WAY = 600

/**
 * Parses a macro. What its names mean is found out where it is used, and so are its types: a pattern of a list is a glob for a path there,
 * a plain pattern elsewhere.
 * @throws CwsError CWS_ERR_CONDITION
 */
export function parseMacro(name: string, definition: MacroDefinition, environment: Environment = {}): Macro {
  if ('expression' in definition) return { name, text: definition.expression, node: parseText(definition.expression, environment, 'macro') }
  const { values } = definition
  if (values.length === 0) throw new CwsError('CWS_ERR_CONDITION', `macro ${name}: there are no values`)
  if (values.length > MAX_VALUES) throw new CwsError('CWS_ERR_CONDITION', `macro ${name}: more than ${MAX_VALUES} values`)
  const items = values.map((text): Node => ({ kind: 'string', text, at: 0, end: 0 }))
  return { name, text: '', node: { kind: 'list', items, at: 0, end: 0 } }
}

/**
 * The macros that use themselves, be it through others, each with the way round: `a → b → a`. A rule that uses one is refused anyway; this is
 * to say so of the macro.
 */
export function cyclesIn(macros: ReadonlyMap<string, Macro>): Map<string, string> {
  const cycles = new Map<string, string>()
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[]): void => {
    const start = way.indexOf(name)
    if (start >= 0) {
      const round = [...way.slice(start), name].join(' → ')
      for (const one of way.slice(start)) cycles.set(one, round)
      return
    }
    const macro = macros.get(name)
    if (!macro || done.has(name) || way.length >= MAX_WAY) return
    for (const used of namesIn(macro.node)) visit(used, [...way, name])
    done.add(name)
  }
  for (const name of macros.keys()) visit(name, [])
  return cycles
}

/** The bare names in an expression that are no constants: fields and macros. */
function namesIn(node: Node, into: Set<string> = new Set()): Set<string> {
  if (node.kind === 'name' && constantNamed(node.name) === undefined) into.add(node.name)
  for (const part of partsOf(node)) namesIn(part, into)
  return into
}
