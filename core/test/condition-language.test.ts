import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldsIn, simplify } from '../src/condition/analyse.ts'
import { compileCondition } from '../src/condition/compile.ts'
import { explainExpression } from '../src/condition/explain.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { partial } from '../src/condition/partial.ts'
import { printCondition } from '../src/condition/print.ts'
import { UNKNOWN } from '../src/model/unknown.ts'
import { anyEvent, anyExpression, everyKind, everything } from './fixtures/expressions.ts'

const parse = (text: string) => parseCondition(text, everyKind, undefined, everything)

describe('any expression', { timeout: 60_000 }, () => {
  it('is judged compiled as it is read part by part', () => {
    fc.assert(
      fc.property(anyExpression, anyEvent, (text, { subject, surroundings }) => {
        const condition = parse(text)
        const { truth } = explainExpression(text, everyKind, subject, everything, surroundings)
        expect(compileCondition(condition, surroundings)(subject)).toBe(truth)
        expect(compileCondition(simplify(condition), surroundings)(subject)).toBe(truth)
      }),
      { numRuns: 1500 },
    )
  })

  it('parses to the same when it is printed', () => {
    fc.assert(
      fc.property(anyExpression, (text) => {
        const condition = parse(text)
        expect(simplify(parse(printCondition(condition)))).toEqual(simplify(condition))
      }),
      { numRuns: 1000 },
    )
  })

  it('reads what fieldsIn says, and nothing else', () => {
    fc.assert(
      fc.property(anyExpression, anyEvent, (text, { subject, surroundings }) => {
        const condition = parse(text)
        const read = new Set<string>()
        const variable = (name: string) => () => {
          read.add(`\${${name}}`)
          return surroundings.variable?.(name)?.(subject)
        }
        compileCondition(condition, { variable })({
          get: (field) => {
            read.add(field)
            return subject.get(field)
          },
        })
        const told = fieldsIn(condition)
        for (const name of read) expect(told).toContain(name)
      }),
      { numRuns: 1000 },
    )
  })

  it('is never ruled out by one value of an event that it is true of', () => {
    fc.assert(
      fc.property(anyExpression, anyEvent, (text, { subject, surroundings, values }) => {
        const condition = parse(text)
        if (compileCondition(condition, surroundings)(subject) !== true) return
        for (const [field, value] of Object.entries(values)) if (value !== UNKNOWN) expect(partial(condition, field, value)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
