import { CwsError, compileCondition, type EventDefinition, parseCondition, UNKNOWN } from '@cws/core'
import { typeOfField, typesNamed } from './event-type.ts'
import { givenFields } from './given.ts'
import { type Question, readQuestion } from './question.ts'

/** Null is UNKNOWN. Lines and columns count from 1, into the expression; what is wrong elsewhere stands at 1:1. */
export type Answer = { readonly result: boolean | null } | { readonly error: Flaw }

export interface Flaw {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface Model {
  get(type: string): EventDefinition
  types(): readonly string[]
}

/** Fields that every event has are among those of an exec: it is judged where nothing tells of which type the event is. */
const ANY_TYPE = 'exec'

/** Answers one line of JSON. Never throws: what cannot be answered is an error. */
export function answerLine(line: string, model: Model): Answer {
  try {
    return answer(readQuestion(line), model)
  } catch (error) {
    return flaw(error instanceof SyntaxError ? `this line is no JSON: ${error.message}` : (error as Error).message)
  }
}

/** Judges an expression on the fields that are given. */
export function answer(question: Question, model: Model): Answer {
  try {
    const definition = model.get(question.type ?? typeFor(question, model))
    const condition = parseCondition(question.expr, definition)
    const truth = compileCondition(condition)(givenFields(question.fields, definition))
    return { result: truth === UNKNOWN ? null : truth }
  } catch (error) {
    if (error instanceof Misplaced) return flaw(error.message, error.place)
    const message = (error as Error).message
    const [, at, row, column, rest] = /^((\d+):(\d+): )([\s\S]*)$/.exec(message) ?? []
    if (error instanceof CwsError && at) return flaw(rest as string, { line: Number(row), column: Number(column) })
    return flaw(message)
  }
}

class Misplaced extends Error {
  readonly place: { readonly line: number; readonly column: number }
  constructor(message: string, text: string, offset: number) {
    super(message)
    const before = text.slice(0, offset).split('\n')
    this.place = { line: before.length, column: (before.at(-1) as string).length + 1 }
  }
}

/** The event type that the expression's own fields tell, else the fields that are given. */
function typeFor({ expr, fields }: Question, model: Model): string {
  const types = model.types()
  const [first, second] = typesNamed(expr, types)
  if (first && second) throw new Misplaced(`fields of two event types, ${first[0]} and ${second[0]}: an event is of one`, expr, second[1])
  if (first) return first[0]
  for (const name of Object.keys(fields)) {
    const type = typeOfField(name, types)
    if (type !== undefined) return type
  }
  return ANY_TYPE
}

function flaw(message: string, { line, column } = { line: 1, column: 1 }): Answer {
  return { error: { line, column, message } }
}
