import { type Condition, parseCondition, partial, required, simplify } from '@cws/core'
import { expect, test } from 'vitest'
import { standardModel } from '../../src/evaluate/standard-model.ts'
import { demands } from './demands.ts'

test.each(demands.map((row) => [row.id, row.rules.join(' | '), row] as const))('%s: %s', (_id, _rules, row) => {
  const conditions = row.rules.map((rule) => parseCondition(rule, standardModel.get('open')))
  const any: Condition = simplify({ op: 'or', of: conditions })
  expect(required(any, row.field)?.map((one) => (one.kind === 'value' ? one.value : one.text))).toEqual(row.demands)
  for (const value of row.needed ?? []) expect([value, partial(any, row.field, value)]).toEqual([value, true])
  for (const value of row.useless ?? []) expect([value, partial(any, row.field, value)]).toEqual([value, false])
})
