import type { Value } from './ir.ts'
import type { Names } from './names.ts'
import { described } from './operand.ts'
import type { Refuse } from './source.ts'

const REFERENCE = /([$%])\{([^}]*)\}/g
const NAME = { $: /^[A-Za-z_][\w.]*$/, '%': /^[A-Za-z_][\w.[\]]*$/ } as const

/** A text in which `${variable}` and `%{field}` stand for their values. One that is not closed (`${abc`) stands for itself. `at`: of the quote before it. */
export function interpolated(text: string, at: number, names: Names, refuse: Refuse): Value {
  const parts: Value[] = []
  let from = 0
  const literal = (to: number): void => {
    if (to > from) parts.push({ value: 'literal', of: text.slice(from, to) })
  }
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, mark, name] = match as unknown as [string, '$' | '%', string]
    const place = at + 1 + match.index
    if (!NAME[mark].test(name))
      refuse(place, `${whole.slice(0, 60)} is no reference: ${mark}{name}, with letters, digits, "_" and "." in its name`)
    const operand = mark === '$' ? names.variable(name, place, refuse) : names.field(name, place, refuse)
    if (operand.kind === 'bool' || operand.kind === 'ip')
      refuse(place, `texts and numbers can be put in a text, but this is ${described(operand)}`)
    literal(match.index)
    parts.push(operand.value)
    from = match.index + whole.length
  }
  if (parts.length === 0) return { value: 'literal', of: text }
  literal(text.length)
  return { value: 'text', of: parts }
}
