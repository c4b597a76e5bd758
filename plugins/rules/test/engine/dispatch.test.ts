import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CheckedRule, compileCondition, parseCondition, type Readable, UNKNOWN } from '@cws/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Dispatch } from '../../src/engine/dispatch.ts'
import { anyCondition, anyValues, Events, oracle, ruleOf } from './events.ts'

let events: Events
beforeAll(async () => {
  events = await Events.make()
})
afterAll(() => events[Symbol.asyncDispose]())

const eventOf = (values: Parameters<Events['of']>[0]) => events.of(values)
const rulesOf = (...texts: string[]) => texts.map((text, i) => ruleOf(parseCondition(text, events.definition), i))
const dispatchOf = (rules: readonly CheckedRule[]) => new Dispatch(rules, events.definition)

function judge(dispatch: Dispatch, event: Readable) {
  const fired: string[] = []
  const undecided = dispatch.judge(event, (rule) => fired.push(rule.id))
  return { fired, undecided: (undecided ?? []).map(({ rule }) => rule.id) }
}

/** Each comes some times more, so that what is remembered is used. */
const streams = fc
  .array(anyValues, { minLength: 1, maxLength: 8 })
  .chain((values) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 64 }))

describe('rules by what recurs', () => {
  it('fire and stay undecided as if each were judged alone, in their order', () => {
    fc.assert(
      fc.property(fc.array(anyCondition, { minLength: 1, maxLength: 8 }), streams, (conditions, stream) => {
        const rules = conditions.map(ruleOf)
        const dispatch = dispatchOf(rules)
        for (const values of stream) {
          const expected = oracle(rules, eventOf(values))
          expect(judge(dispatch, eventOf(values))).toEqual(expected)
          expect(judge(dispatch, events.recurring(values))).toEqual(expected)
          expect(judge(dispatch, events.told(values))).toEqual(expected)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are decided later as the whole rule would be', () => {
    fc.assert(
      fc.property(anyCondition, fc.array(fc.tuple(anyValues, anyValues), { maxLength: 8 }), (condition, stream) => {
        const rule = ruleOf(condition, 0)
        const dispatch = dispatchOf([rule])
        for (const [known, late] of [...stream, ...stream, ...stream])
          for (const event of [eventOf(known), events.recurring(known), events.told(known)]) {
            const undecided = dispatch.judge(event, () => {})
            const whole = eventOf(new Map([...late, ...known]))
            for (const { holds } of undecided ?? []) expect(holds(whole)).toBe(compileCondition(condition)(whole))
          }
      }),
      { numRuns: 600 },
    )
  })

  it('are judged while one of them fires', () => {
    const rules = rulesOf('exec.args =~ "*a*"', 'exec.args =~ "*b*"', 'exec.file.name == "sh"')
    const dispatch = dispatchOf(rules)
    const [outer, inner] = [{ 'exec.args': 'ab', 'exec.file.name': 'sh' }, { 'exec.args': 'b' }].map((values) => events.recurring(values))
    for (let i = 0; i < 4; i++) {
      const within: unknown[] = []
      const fired: string[] = []
      dispatch.judge(outer as Readable, (rule) => {
        fired.push(rule.id)
        within.push(judge(dispatch, inner as Readable))
      })
      expect(fired).toEqual(['rule-0', 'rule-1', 'rule-2'])
      expect(within).toEqual(fired.map(() => ({ fired: ['rule-1'], undecided: ['rule-2'] })))
    }
  })

  it('are judged, and the arguments decoded for it, only where a literal of each demand is there', () => {
    const rules = rulesOf(
      'exec.file.name == "sh" && exec.args =~ r"(?i)mkfifo" && exec.args =~ r"\\b(?:nc|telnet)\\b"',
      'exec.args =~ "*--eval*" && (exec.args =~ r"urlopen\\(" || exec.args =~ r"fetch\\(")',
    )
    const dispatch = dispatchOf(rules)
    let decoded = 0
    let text: unknown
    const ofFeed = new Map([['exec.args', () => text]])
    const undecoded = (args: string) => {
      text = { bytes: Buffer.from(args), start: 0, end: args.length, nul: 0x20 }
      const event = events.recurring({ 'exec.file.name': 'sh', 'exec.args': args })
      const get = (name: string) => {
        if (name === 'exec.args') decoded++
        return event.get(name)
      }
      return Object.create(event, { get: { value: get }, bytes: { value: ofFeed } }) as Readable
    }
    for (let i = 0; i < 4; i++)
      for (const [args, fired] of [
        ['-c Mkfifo /tmp/x', []],
        ['-c nc -l 1', []],
        ['--eval 1', []],
        ['-c MKFIFO /tmp/x; nc -l 1', ['rule-0']],
        ['--eval fetch()', ['rule-1']],
      ] as const) {
        decoded = 0
        expect(judge(dispatch, undecoded(args)).fired).toEqual(fired)
        expect([args, decoded > 0]).toEqual([args, fired.length > 0])
      }
  })

  it('read nothing of a program that was started the same way before, but what does not follow from that', () => {
    const rules = rulesOf(
      'exec.file.name == "sh" && exec.args =~ "*curl*"',
      'exec.args =~ r"^-c .*id" && process.parent.file.name == "nginx"',
      'exec.args =~ "*id*" && exec.tty_name == "pts0"',
    )
    const dispatch = dispatchOf(rules)
    const fields = new Set(['exec.file.name', 'process.parent.file.name'])
    let command = 0
    const recurrence = { fields, of: () => 1, finer: { fields: new Set([...fields, 'exec.args']), of: () => command } }
    for (let i = 0; i < 14; i++)
      for (const [number, args, fired, reads] of [
        [1, '-c id', ['rule-1', 'rule-2'], ['exec.tty_name']],
        [2, '-l', [], []],
      ] as const) {
        const values = { 'exec.file.name': 'sh', 'exec.args': args, 'process.parent.file.name': 'nginx', 'exec.tty_name': 'pts0' }
        const event = events.of(values)
        const read = new Set<string>()
        const get = (name: string) => {
          read.add(name)
          return event.get(name)
        }
        command = number
        expect(judge(dispatch, Object.create(event, { get: { value: get }, recurrence: { value: recurrence } })).fired).toEqual(fired)
        if (i > 9) expect([...read]).toEqual(reads)
      }
  })

  it('are not mixed up where the path is the same and the name is not', () => {
    const rules = rulesOf('exec.file.path == "/bin/sh" && exec.file.name == "sh"', 'exec.file.name == "evil"')
    const dispatch = dispatchOf(rules)
    const named = (name: unknown) => eventOf({ 'exec.file.path': '/bin/sh', ...(name === UNKNOWN ? {} : { 'exec.file.name': name }) })
    for (const [name, fired, undecided] of [
      ['sh', ['rule-0'], []],
      ['evil', ['rule-1'], []],
      [UNKNOWN, [], ['rule-0', 'rule-1']],
      ['sh', ['rule-0'], []],
    ] as const)
      expect(judge(dispatch, named(name))).toEqual({ fired, undecided })
  })

  it('still fire after more programs than are remembered', () => {
    const rules = rulesOf('exec.file.path =~ "/tmp/**" && process.uid == 0', 'exec.file.path == "/tmp/7"', 'process.uid == 0')
    const dispatch = dispatchOf(rules)
    const check = (path: string, uid: number) => {
      const event = eventOf({ 'exec.file.path': path, 'process.uid': uid })
      expect(judge(dispatch, event)).toEqual(oracle(rules, event))
    }
    // What comes again is remembered.
    for (let i = 0; i < 10_000; i++) check((i >> 1) % 2 ? `/tmp/${i >> 1}` : `/opt/${i >> 1}`, i % 3)
    for (let i = 0; i < 20; i++) check(i % 2 ? `/tmp/${i}` : `/opt/${i}`, 0)
  })

  it('fire on names too long to be remembered, and on more combinations with one path than are', () => {
    const rules = rulesOf('exec.file.path =~ "/tmp/**" && process.uid == 0', 'exec.file.name =~ "*x"', 'exec.file.name == "n7"')
    const dispatch = dispatchOf(rules)
    for (let i = 0; i < 60; i++) {
      for (const path of ['/tmp/a', `/tmp/${'x'.repeat(255)}`, `/opt/${'x'.repeat(1_000)}`])
        for (const name of [`n${i % 20}`, 'x'.repeat(300)]) {
          const event = eventOf({ 'exec.file.path': path, 'exec.file.name': name, 'process.uid': i % 2 })
          expect(judge(dispatch, event)).toEqual(oracle(rules, event))
        }
    }
  })

  it('are judged alike where their texts are longer, and more, than are looked for', () => {
    const long = Array.from({ length: 2_200 }, (_, i) => `${i}-${'abcdefg'.repeat(i < 500 ? 1_000 : 9)}`)
    const rules = rulesOf(...long.map((text) => `exec.args =~ "*${text}*"`))
    const before = process.memoryUsage().arrayBuffers
    const dispatch = dispatchOf(rules)
    for (const args of ['', long[7], `x${long.at(-1)}x`, long[299]?.slice(0, 100)])
      for (const event of [eventOf({ 'exec.args': args }), events.recurring({ 'exec.args': args })])
        expect(judge(dispatch, event)).toEqual(oracle(rules, event))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128 * 2 ** 20)
  })

  it('are remembered once for all lineages that leave the same of them', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const rules = rulesOf(
      ...Array.from({ length: 40 }, (_, i) => `exec.file.name == "sh" && exec.args =~ "*--w${i}=*" && process.uid != ${i}`),
    )
    const dispatch = dispatchOf(rules)
    let lineage = 0
    const recurrence = { fields: new Set(['exec.file.name']), of: () => lineage }
    const event = Object.assign(eventOf({ 'exec.file.name': 'sh', 'exec.args': '--w7=', 'process.uid': 1 }), { recurrence })
    const see = (until: number) => {
      for (; lineage < until; lineage++) for (let i = 0; i < 3; i++) expect(judge(dispatch, event).fired).toEqual(['rule-7'])
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = see(10)
    // Each had kilobytes of its own.
    expect(see(4_000) - before).toBeLessThan(4_000 * 500)
  })

  it('are judged whole where they test nothing that recurs', () => {
    const rules = rulesOf('process.uid == 0', 'process.file.path == "/bin/sh"', 'true', 'false')
    const dispatch = dispatchOf(rules)
    expect(judge(dispatch, eventOf({ 'process.uid': 0 }))).toEqual({ fired: ['rule-0', 'rule-2'], undecided: ['rule-1'] })
    expect(judge(dispatch, eventOf({ 'process.uid': 1, 'process.file.path': '/bin/sh' }))).toEqual({
      fired: ['rule-1', 'rule-2'],
      undecided: [],
    })
  })
})
