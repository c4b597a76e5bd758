import { expect, test } from 'vitest'
import { answer } from '../../src/evaluate/answer.ts'
import { standardModel } from '../../src/evaluate/standard-model.ts'
import { type EventName, events, type Row } from './row.ts'
import { rows } from './rows.ts'

/** What is asked of `cws rules eval` for a row. */
export function questionOf({ expr, on, fields = {}, variables, macros }: Row) {
  return {
    expr,
    ...(on ? { type: on } : {}),
    fields: { ...(on ? baseOf(on) : {}), ...fields },
    ...(variables ? { variables } : {}),
    ...(macros ? { macros } : {}),
  }
}

const baseOf = (on: EventName) => events[on]

function expected(row: Row): unknown {
  return 'is' in row ? row.is : `error at ${row.at}`
}

test.each(rows.map((row) => [row.id, row.expr, row] as const))('%s: %s', (_id, _expr, row) => {
  const given = answer(questionOf(row), standardModel)
  if ('result' in given) expect(given.result).toBe(expected(row))
  else expect(`error at ${given.error.line}:${given.error.column}`, given.error.message).toBe(expected(row))
})
