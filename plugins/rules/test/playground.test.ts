import { expect, test } from 'vitest'
import { completionsOf, type Playground, respond } from '../src/evaluate/playground.ts'
import { standardModel } from '../src/evaluate/standard-model.ts'

const fresh = (): Playground => ({ fields: new Map(), type: undefined })

test('expressions are judged on what is set', () => {
  const state = fresh()
  const say = (line: string) => respond(line, state, standardModel)
  expect(say('exec.file.name == "curl"')).toBe('unknown')
  expect(say(':set exec.file.name "curl"')).toBe('')
  expect(say('exec.file.name == "curl"')).toBe('true')
  expect(say(':fields')).toBe('exec.file.name = "curl"')
  expect(say(':unset exec.file.name')).toBe('')
  expect(say('exec.file.name == "curl"')).toBe('unknown')
  expect(say('exec.file.name == 5')).toMatch(/^ {20}\^ a text was expected/)
  expect(say(':type exce')).toContain('did you mean "exec"')
  expect(say(':set exec.file.name curl')).toContain('JSON')
  expect(say(':what')).toContain(':quit')
  expect(say(':quit')).toBeUndefined()
})

test('the last word is completed: fields, names of numbers, operators, commands', () => {
  const complete = (line: string, state = fresh()) => completionsOf(line, state, standardModel)
  expect(complete('true && exec.file.na')).toEqual([['exec.file.name', 'exec.file.name.length'], 'exec.file.na'])
  expect(complete('open.flags & O_CREA')).toEqual([['O_CREAT'], 'O_CREA'])
  expect(complete('process.uid al')[0]).toContain('allin')
  expect(complete(':se')).toEqual([[':set'], ':se'])
  expect(complete(':set exec.file.inod')[0]).toContain('exec.file.inode')
  expect(complete('open.file.nam', { ...fresh(), type: 'exec' })[0]).toEqual([])
})
