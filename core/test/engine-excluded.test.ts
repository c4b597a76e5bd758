import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Condition } from '../src/condition/ir.ts'
import { Hooks } from '../src/hooks/create-hooks.ts'
import { HooksOf } from '../src/hooks/hooks-of.ts'
import { exit } from '../src/model/events/exit.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { UNKNOWN } from '../src/model/unknown.ts'
import { Engine } from '../src/pipeline/engine.ts'
import { Excluded } from '../src/pipeline/excluded.ts'
import { Interests } from '../src/pipeline/interests.ts'

const oneof = (field: string, ...any: number[]): Condition => ({ op: 'oneof', field, any })
const and = (...of: Condition[]): Condition => ({ op: 'and', of })
const or = (...of: Condition[]): Condition => ({ op: 'or', of })
const named: Condition = { op: 'match', field: 'process.file.name', any: [{ kind: 'exact', text: 'sshd' }] }
const crashed = and(oneof('exit.cause', 1, 2), oneof('exit.code', 6, 11), named)

type Ending = readonly [cause: number | typeof UNKNOWN, code: number | typeof UNKNOWN]

/** A process tree that is kept from records, whose exits are wanted so; a tap for each. */
function setUp(interests: readonly (readonly [plugin: string, Condition])[], plugin = 'tree') {
  const engine = new Engine(
    new EventRegistry(),
    () => {},
    () => {},
  )
  const endings: Ending[] = []
  const read = (part: 0 | 1) => (cursor: number) => (endings[cursor] as Ending)[part]
  engine.track('tree', { locate: () => -1, processOf: () => -1, onRelease: () => {}, ownRecords: true })
  const feed = engine.batchFeed(exit, { 'exit.cause': read(0), 'exit.code': read(1) }, plugin)
  const got: unknown[] = []
  const tap = (name: string) =>
    engine.hooks
      .facadeFor(name)
      .detect.for('exit')
      .tap((event) => void got.push([event.get('exit.cause'), event.get('exit.code')]))
  for (const [name, condition] of interests) engine.interests.add('exit', name, condition, true)
  for (const name of new Set(interests.map(([name]) => name))) tap(name)
  const end = (...of: readonly Ending[]) => {
    for (const one of of) feed.emit(endings.push(one) - 1)
  }
  return { engine, end, got, tap, counts: engine.counters.of('exit') }
}

describe('exits that no interest can hold for', () => {
  it('are counted as filtered and never made', () => {
    const { end, got, counts } = setUp([
      ['a', crashed],
      ['a', and(oneof('exit.cause', 2), named)],
    ])
    end([0, 0], [2, 11], [0, 11], [1, 15], [2, 15])
    // Of the code the second demands nothing.
    expect(got).toEqual([
      [2, 11],
      [1, 15],
      [2, 15],
    ])
    expect(counts).toMatchObject({ seen: 3, filtered: 2 })
  })

  it('are not those of which too little is known', () => {
    const { end, got } = setUp([['a', crashed]])
    end([UNKNOWN, UNKNOWN], [2, UNKNOWN], [UNKNOWN, 15])
    expect(got).toEqual([
      [UNKNOWN, UNKNOWN],
      [2, UNKNOWN],
    ])
  })

  it.each<[string, Condition]>([
    ['wants all', { op: 'always' }],
    ['demands another field', named],
    ['has an alternative', or(crashed, named)],
    ['demands that it is not so', { op: 'not', of: oneof('exit.cause', 1) }],
    ['demands a range', { op: 'compare', field: 'exit.code', cmp: '>', value: 3 }],
  ])('are none where one %s', (_, condition) => {
    const { end, got } = setUp([
      ['a', crashed],
      ['b', condition],
    ])
    end([0, 0])
    // Once to each.
    expect(got).toHaveLength(2)
  })

  it('are none while somebody listens who declared nothing, also one that came later', () => {
    const { engine, end, got, tap, counts } = setUp([['a', crashed]])
    end([0, 0])
    expect(got).toEqual([])
    tap('b')
    end([0, 1])
    expect(got).toHaveLength(2)
    engine.interests.add('exit', 'b', crashed, true)
    end([0, 2])
    expect(got).toHaveLength(2)
    expect(counts).toMatchObject({ seen: 1, filtered: 2 })
  })

  it('are none while fields of them are worked out for somebody', () => {
    const { engine, end, got } = setUp([['a', crashed]])
    engine.hooks
      .facadeFor('a')
      .enrich.for('exit')
      .tap(() => {})
    end([0, 0])
    expect(got).toHaveLength(1)
  })

  it('are none where the records are not those of the process tree', () => {
    const { end, got } = setUp([['a', crashed]], 'another')
    end([0, 0])
    expect(got).toHaveLength(1)
  })

  it('are still noted by the flight recorder', () => {
    const { engine, end, got } = setUp([['a', crashed]])
    const noted: string[] = []
    engine.recorder = { typeOf: () => ({ name: 'exit' }), own: ({ name }: { name: string }) => void noted.push(name) } as never
    ;(engine.tracker as { past?: unknown }).past = {}
    end([0, 0])
    expect([got, noted]).toEqual([[], ['exit']])
  })

  it('are never those that a condition holds for', () => {
    const number = fc.integer({ min: 0, max: 3 })
    const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        fc
          .tuple(fc.constantFrom('exit.cause', 'exit.code'), fc.array(number, { maxLength: 3 }))
          .map(([field, any]) => oneof(field, ...any)),
        fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((of) => and(...of)),
        fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((of) => or(...of)),
        tie('condition').map((of): Condition => ({ op: 'not', of })),
      ),
    }))
    const all = [0, 1, 2, 3].flatMap((cause) => [0, 1, 2, 3].map((code) => [cause, code] as const))
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 3 }), (conditions) => {
        const interests = new Interests()
        for (const one of conditions) interests.add('exit', 'a', one, true)
        const read = (part: 0 | 1) => (cursor: number) => (all[cursor] as Ending)[part]
        const excluded = new Excluded(
          exit,
          { 'exit.cause': read(0), 'exit.code': read(1) },
          new HooksOf(new Hooks(() => {}), 'exit'),
          interests,
        )
        for (const [cursor, [cause, code]] of all.entries())
          if (conditions.some((one) => holds(one, { 'exit.cause': cause, 'exit.code': code }))) expect(excluded.has(cursor)).toBe(false)
      }),
    )
  })
})

function holds(condition: Condition, fields: Readonly<Record<string, number>>): boolean {
  switch (condition.op) {
    case 'oneof':
      return condition.any.includes(fields[condition.field] as number)
    case 'and':
      return condition.of.every((one) => holds(one, fields))
    case 'or':
      return condition.of.some((one) => holds(one, fields))
    case 'not':
      return !holds(condition.of, fields)
    default:
      throw new Error(`not made here: ${condition.op}`)
  }
}
