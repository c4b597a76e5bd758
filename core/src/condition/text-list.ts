import type { Field } from '../model/field.ts'
import type { Macro } from './environment.ts'
import type { Matcher } from './ir.ts'
import type { Operand } from './operand.ts'
import type { Node } from './syntax.ts'

type Text = Extract<Node, { readonly kind: 'string' | 'pattern' | 'regex' }>

interface Made {
  readonly field: Field
  readonly matchers: readonly Matcher[]
}

const lists = new WeakMap<Macro, Operand | null>()
const matchersOf = new WeakMap<readonly Operand[], Map<string, Made>>()

/** The list of texts and patterns that a macro is, if it is one: the same object wherever it is used, for such lists can be long. */
export function textListOf(macro: Macro): Operand | undefined {
  let list = lists.get(macro)
  if (list === undefined) {
    list = macro.node.kind === 'list' && macro.node.items.every(isText) ? listOf(macro.node.items) : null
    lists.set(macro, list)
  }
  return list ?? undefined
}

/** What `make` makes of such a list for one field, made once. */
export function onceFor(
  members: readonly Operand[],
  { name, field }: NonNullable<Operand['field']>,
  make: () => readonly Matcher[],
): readonly Matcher[] {
  const byName = matchersOf.get(members) ?? new Map<string, Made>()
  matchersOf.set(members, byName)
  const known = byName.get(name)
  if (known?.field === field) return known.matchers
  const matchers = make()
  byName.set(name, { field, matchers })
  return matchers
}

function isText(node: Node): node is Text {
  return node.kind === 'string' || node.kind === 'pattern' || node.kind === 'regex'
}

function listOf(items: readonly Text[]): Operand {
  const members = items.map(({ kind, text, at }): Operand => {
    const plain = { kind: 'string', array: false, value: { value: 'literal', of: text }, at } as const
    return kind === 'string' ? plain : { ...plain, matching: kind }
  })
  return { kind: 'string', array: true, value: { value: 'list', of: items.map(({ text }) => text) }, at: 0, members, shared: true }
}
