import { z } from 'zod'

const macro = z.union([
  z.strictObject({ id: z.string(), expression: z.string() }),
  z.strictObject({ id: z.string(), values: z.array(z.string()).readonly() }),
])

/** One line of `cws rules eval`: an expression and what is known of the event that it is judged on. */
const question = z.strictObject({
  expr: z.string(),
  type: z.string().optional(),
  fields: z.record(z.string(), z.unknown()).optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
  macros: z.array(macro).readonly().optional(),
})

export type Question = z.output<typeof question>

type WithSource = (key: string, value: unknown, context: { readonly source?: string }) => unknown
/** What JavaScript's reviver of ES2025 is given; not yet in TypeScript's libraries. */
const { parse } = JSON as unknown as { parse(text: string, reviver: WithSource): unknown }

/** Reads JSON. Whole numbers beyond 2^53 come as bigint. @throws SyntaxError */
export function parseWithLongs(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d{1,25}$/.test(source)
      ? BigInt(source)
      : value,
  )
}

/** Reads a line. @throws Error saying what is wrong with it */
export function readQuestion(line: string): Question {
  const checked = question.safeParse(parseWithLongs(line))
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const path = issue?.path.join('.')
  throw new Error(`${path ? `${path}: ` : ''}${issue?.message ?? 'this is no question'}`)
}
