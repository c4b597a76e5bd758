import { CwsError, defineDetection, defineRule, standardEvents } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDetection, knownRules } from '../../src/detections/check.ts'
import { rules } from '../../src/index.ts'

const run = defineRule({ id: 'run', name: 'Run', severity: 'low', on: 'exec', where: { 'exec.file.name': 'x' }, message: 'm' })
const opened = defineRule({ id: 'opened', name: 'Opened', severity: 'low', on: 'open', message: 'm' })
const known = knownRules([run, opened])
const find = (type: string) => standardEvents.find((event) => event.type === type) as never
const check = (data: unknown) => checkDetection(data, known, find)

const threshold = {
  id: 'd',
  name: 'D',
  severity: 'low',
  kind: 'threshold',
  of: ['run', 'opened'],
  within: '5m',
  count: 3,
  message: '{{count}}',
}
const sequence = { id: 'd', name: 'D', severity: 'low', kind: 'sequence', steps: ['run', 'opened'], within: '5m', message: 'm' }
const newValue = { id: 'd', name: 'D', severity: 'low', kind: 'new-value', of: ['run'], value: 'exec.file.path', learn: '7d', message: 'm' }

it('takes what fits, by tree if it does not say', () => {
  expect(check(threshold)).toMatchObject({ by: ['tree'], within: 300_000, count: 3, steps: [['run', 'opened']], absorbs: false })
  expect(check({ ...sequence, steps: [run, ['opened', run]] })).toMatchObject({ steps: [['run'], ['opened', 'run']] })
  expect(check(newValue)).toMatchObject({ within: 7 * 86_400_000, value: 'exec.file.path' })
})

it.each([
  ['a key that there is not', { ...threshold, counts: 5 }, 'did you mean `count`?'],
  ['no count', { ...threshold, count: undefined }, '`count`'],
  ['too small a count', { ...threshold, count: 1 }, '`count`'],
  ['too large a count', { ...threshold, count: 1_001 }, '`count`'],
  ['no time', { ...threshold, within: '5 minutes' }, '`within`: expected a time such as 90s'],
  ['too long a time', { ...threshold, within: '25h' }, '`within`'],
  ['no kind', { ...threshold, kind: 'treshold' }, '`kind`'],
  ['an id with blanks', { ...threshold, id: 'a b' }, '`id`: expected lower-case words'],
  ['a rule that there is not', { ...threshold, of: ['runn'] }, 'there is no rule "runn"; did you mean "run"?'],
  ['the id of a rule', { ...threshold, id: 'run' }, 'a rule has the id "run" already'],
  [
    'a field that not all events have',
    { ...threshold, distinct: 'open.file.path' },
    '`distinct` names "open.file.path", which exec does not have',
  ],
  [
    'a field that no event has',
    { ...threshold, by: ['trees'] },
    '`by` names "trees", which exec, open does not have; did you mean "tree"?',
  ],
  ['a list as a key', { ...threshold, by: ['process.argv'] }, '`by` takes fields that have one value'],
  [
    'a message with a field of another step',
    { ...sequence, message: '{{@exec.args}}' },
    '`message` names "exec.args", which open does not have',
  ],
  ['a message with a value that there is not', { ...threshold, message: '{{cuont}}' }, '`message` has {{cuont}}'],
  ['a case that does not fit', { ...threshold, cases: [{ when: 'counts > 5', severity: 'low' }] }, '`cases[0].when`'],
  ['a sequence of one', { ...sequence, steps: ['run'] }, '`steps`'],
  ['a suppression without an end', { ...threshold, suppress: [{ id: 's', reason: 'r' }] }, '`suppress[0].until`'],
  ['no object', 'text', 'expected an object'],
])('refuses %s', (_, data, problem) => {
  expect(() => check(data)).toThrowError(expect.objectContaining({ code: 'CWS_ERR_RULE', message: expect.stringContaining(problem) }))
})

it('a message may say who did the last of it', () => {
  expect(() => check({ ...threshold, message: '{{author}} was the {{count}}th; {{author which is no x}}' })).not.toThrow()
})

it('takes or refuses whatever is written, and never fails otherwise', () => {
  const place = fc.constantFrom(
    'of',
    'by',
    'within',
    'count',
    'distinct',
    'cases',
    'suppress',
    'tests',
    'message',
    'tags',
    'steps',
    'value',
    'learn',
    'kind',
    'id',
  )
  const base = fc.constantFrom<object>(threshold, sequence, newValue)
  const broken = fc.tuple(base, place, fc.oneof(fc.jsonValue(), fc.anything())).map(([data, key, value]) => ({ ...data, [key]: value }))
  fc.assert(
    fc.property(fc.oneof(fc.anything(), broken), (data) => {
      try {
        expect(check(data).id).toBeTypeOf('string')
      } catch (error) {
        expect(error).toBeInstanceOf(CwsError)
      }
    }),
    { numRuns: 1_000 },
  )
})

it('knows a rule that is on several types of events', () => {
  const several = knownRules([run, { id: 'run', on: 'open' }])
  expect(() => checkDetection({ ...threshold, of: ['run'], distinct: 'exec.file.path' }, several, find)).toThrow('which open does not have')
  expect(checkDetection({ ...threshold, of: ['run'], distinct: 'process.pid' }, several, find).value).toBe('process.pid')
})

it('is told apart by what it remembers, not by what it tells', () => {
  const { fingerprint } = check(threshold)
  expect(
    check({ ...threshold, severity: 'high', within: '1m', count: 5, cases: [{ when: 'count > 9', severity: 'low' }] }).fingerprint,
  ).toBe(fingerprint)
  for (const change of [{ of: ['run'] }, { by: ['user'] }, { distinct: 'process.pid' }])
    expect(check({ ...threshold, ...change }).fingerprint).not.toBe(fingerprint)
})

describe('loading', () => {
  it('loses only what is bad; names its place; knows `tune`', async () => {
    const good = defineDetection({ ...(threshold as object), id: 'good' } as never)
    const off = defineDetection({ ...(threshold as object), id: 'off' } as never)
    const bad = defineDetection({ ...(threshold as object), id: 'bad', of: ['nobody'] } as never)
    await using pipeline = await TestPipeline.of([
      rules({
        packs: [{ name: 'my-pack', rules: [run, opened], detections: [good, bad, good, off] }],
        tune: { good: { severity: 'critical', unless: 'x' }, off: 'off' },
      }),
    ])
    expect(pipeline.logs.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'my-pack: detection "bad": there is no rule "nobody"',
      'my-pack: detection "good": another one has this id already',
    ])
    expect(pipeline.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      '`tune` of detection "good": `unless` is for rules, it is ignored; a detection has suppressions',
    ])
    for (let i = 0; i < 3; i++) pipeline.emit('exec', { 'exec.file.name': 'x', 'process.pid': 5 })
    expect(pipeline.findings.at(-1)).toMatchObject({ rule: 'good', severity: 'critical' })
    expect(pipeline.findings.filter(({ rule }) => rule === 'off')).toEqual([])
  })

  it('says that a detection cannot fire whose rules are off', async () => {
    await using pipeline = await TestPipeline.of([rules({ packs: [[run, opened, sequence as never]], tune: { run: 'off' } })])
    expect(pipeline.logs.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'detection "d" cannot fire: the rules that it looks at are off' },
    ])
  })
})
