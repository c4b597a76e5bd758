import { describe, expect, it } from 'vitest'
import { fieldsIn, required, simplify } from '../src/condition/analyse.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { exec } from '../src/model/events/exec.ts'

const parse = (text: string) => parseCondition(text, exec)

describe('analysis of conditions', () => {
  it('names the fields', () => {
    const condition = parse('process.uid == 0 && !(exec.comm == "a" || process.comm == exec.file.name) && process.created_at < 5s')
    expect([...fieldsIn(condition)].sort()).toEqual([
      'event.timestamp',
      'exec.comm',
      'exec.file.name',
      'process.comm',
      'process.created_at',
      'process.uid',
    ])
  })
  it.each([
    ['true && process.uid == 0', 'process.uid == 0'],
    ['false || (process.uid == 0 || process.gid == 0) || false', 'process.uid == 0 || process.gid == 0'],
    ['!(!(process.uid == 0))', 'process.uid == 0'],
    ['process.uid == 0 && (false && process.gid == 0)', 'false'],
    ['process.uid == 0 || !false', 'true'],
  ])('simplifies %s', (text, simple) => expect(simplify(parse(text))).toEqual(parse(simple)))

  it.each<[string, string[] | undefined]>([
    ['exec.file.name == "a"', ['a']],
    ['exec.file.name in ["a", ~"b*"] && process.uid == 0', ['a', 'b*']],
    ['exec.file.name == "a" || exec.file.name == "b"', ['a', 'b']],
    ['exec.file.name == "a" || process.uid == 0', undefined],
    ['exec.file.name in ["a", "b"] && exec.file.name == "b"', ['b']],
    ['exec.file.name != "a"', undefined],
    ['false', []],
    ['true', undefined],
  ])('of the name, %s demands %j', (text, expected) => {
    expect(required(parse(text), 'exec.file.name')?.map((one) => (one.kind === 'value' ? one.value : one.text))).toEqual(expected)
  })
})
