import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNever } from '../src/condition/analyse.ts'
import { assume, leavesIn } from '../src/condition/assume.ts'
import { compileCondition } from '../src/condition/compile.ts'
import type { Leaf } from '../src/condition/ir.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { exec } from '../src/model/events/exec.ts'
import { type Truth, UNKNOWN } from '../src/model/unknown.ts'
import { anyCondition, anyValues } from './fixtures/conditions.ts'

const parse = (text: string) => parseCondition(text, exec)
const readable = (values: ReadonlyMap<string, unknown>) => ({ get: (field: string) => values.get(field) ?? UNKNOWN })

describe('what is left of a condition', () => {
  it('agrees with the whole wherever the assumed truths are those of the event', () => {
    fc.assert(
      fc.property(anyCondition, anyValues, fc.func(fc.boolean()), (condition, values, isAssumed) => {
        const event = readable(values)
        const leaves = leavesIn(condition)
        const truths = new Map<Leaf, Truth>(leaves.filter((_, i) => isAssumed(i)).map((leaf) => [leaf, compileCondition(leaf)(event)]))
        const left = assume(condition, (leaf) => truths.get(leaf))
        expect(compileCondition(left)(event)).toBe(compileCondition(condition)(event))
        // The tests that stay are those of the whole, not copies; none stays that was decided.
        const whole = new Set(leaves)
        for (const leaf of leavesIn(left)) {
          expect(whole.has(leaf)).toBe(true)
          expect(truths.get(leaf) ?? UNKNOWN).toBe(UNKNOWN)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('is a constant once every test is known', () => {
    fc.assert(
      fc.property(anyCondition, fc.func(fc.boolean()), (condition, truthOf) => {
        const left = assume(condition, (leaf) => truthOf(leaf))
        expect(left.op === 'always' || isNever(left)).toBe(true)
      }),
    )
  })

  it.each<[string, string, boolean, string]>([
    ['exec.file.name == "sh" && process.uid == 0', 'exec.file.name', true, 'process.uid == 0'],
    ['exec.file.name == "sh" && process.uid == 0', 'exec.file.name', false, 'false'],
    ['exec.file.name == "sh" || process.uid == 0', 'exec.file.name', true, 'true'],
    ['!(exec.file.name == "sh" && process.uid == 0)', 'exec.file.name', true, '!(process.uid == 0)'],
    ['!(exec.file.name == "sh" || process.uid == 0)', 'exec.file.name', true, 'false'],
  ])('of %s, with the test of %s being %s, is %s', (whole, field, truth, left) => {
    expect(assume(parse(whole), (leaf) => ('field' in leaf && leaf.field === field ? truth : undefined))).toEqual(parse(left))
  })

  it('shares its tests even where one stands twice', () => {
    const [leaf] = leavesIn(parse('exec.file.name == "sh"')) as [Leaf]
    const twice = { op: 'and', of: [leaf, { op: 'not', of: leaf }] } as const
    expect(leavesIn(twice)).toEqual([leaf, leaf])
    expect(leavesIn(assume(twice, () => UNKNOWN)).every((one) => one === leaf)).toBe(true)
  })
})
