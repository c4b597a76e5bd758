import {
  CwsError,
  compileCondition,
  type Environment,
  type EventDefinition,
  eventTypesIn,
  type Macro,
  parseCondition,
  parseMacro,
  UNKNOWN,
} from '@cws/core'
import { givenFields } from './given.ts'
import { type Question, readQuestion } from './question.ts'
import { givenVariables } from './variables.ts'

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
    const { types: variables, surroundings } = givenVariables(question.variables ?? {})
    const environment: Environment = { variables, macros: macrosOf(question) }
    const definition = model.get(question.type ?? typeFor(question, model, environment))
    const condition = parseCondition(question.expr, definition, undefined, environment)
    const truth = compileCondition(condition, surroundings)(givenFields(question.fields ?? {}, definition))
    return { result: truth === UNKNOWN ? null : truth }
  } catch (error) {
    if (!(error instanceof CwsError)) return flaw((error as Error).message)
    const { line, column, message } = error
    return line === undefined || column === undefined ? flaw(message) : flaw(message.replace(/^\d+:\d+: /, ''), line, column)
  }
}

/** @throws Error naming the macro that does not parse */
function macrosOf({ macros = [] }: Question): ReadonlyMap<string, Macro> {
  return new Map(
    macros.map(({ id, ...definition }) => {
      try {
        return [id, parseMacro(id, definition)]
      } catch (error) {
        throw new Error(`macro ${id}: ${(error as Error).message}`)
      }
    }),
  )
}

/** The event type that the expression's own fields tell, else the fields that are given. */
function typeFor({ expr, fields = {} }: Question, model: Model, environment: Environment): string {
  const types = model.types()
  const [first, second] = eventTypesIn(expr, types, environment)
  if (second !== undefined) {
    const before = expr.slice(0, Math.max(0, expr.indexOf(`${second}.`))).split('\n')
    throw new CwsError('CWS_ERR_CONDITION', `fields of two event types, ${first} and ${second}: an event is of one`, {
      line: before.length,
      column: (before.at(-1) as string).length + 1,
    })
  }
  if (first !== undefined) return first
  const given = Object.keys(fields)
  return types.find((type) => given.some((name) => name.startsWith(`${type}.`))) ?? ANY_TYPE
}

function flaw(message: string, line = 1, column = 1): Answer {
  return { error: { line, column, message } }
}
