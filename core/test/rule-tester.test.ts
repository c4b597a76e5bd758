import { describe, expect, it } from 'vitest'
import type { AnyRule } from '../src/rules/define-rule.ts'
import { RuleTester } from '../src/testing/rule-tester.ts'

const rule = {
  id: 'root-shell',
  name: 'Root shell',
  severity: 'low',
  on: 'exec',
  where: { 'exec.file.name': 'bash', 'process.uid': 0 },
  message: '{{@exec.args}}',
  tests: {
    fires: [{ 'exec.file.name': 'bash', 'process.uid': 0 }],
    silent: [{ 'exec.file.name': 'bash', 'process.uid': 1 }, { 'exec.file.name': 'ls' }],
  },
} satisfies AnyRule
const problems = (change: object) => new RuleTester().problems({ ...rule, ...change } as never)

describe('RuleTester', () => {
  it('is content with a rule whose tests hold', () => expect(problems({})).toEqual([]))

  it.each<[string, object, RegExp[]]>([
    ['no tests', { tests: undefined }, [/no test that fires/, /no test that is silent/]],
    ['a case that does not fire', { tests: { ...rule.tests, fires: [{ 'exec.file.name': 'sh' }] } }, [/fires\[0\] does not fire/]],
    [
      'a case that is not silent',
      { tests: { ...rule.tests, fires: [{ 'exec.file.name': 'bash', 'process.uid': 0, 'process.gid': 1 }], silent: rule.tests.fires } },
      [/silent\[0\] fires/],
    ],
    ['UNKNOWN in fires', { tests: { ...rule.tests, fires: [{ 'exec.file.name': 'bash' }] } }, [/fires\[0\] is UNKNOWN/]],
    [
      'UNKNOWN in silent',
      { tests: { ...rule.tests, silent: [{ 'exec.file.name': 'bash', 'process.uid': null }] } },
      [/silent\[0\] is UNKNOWN: it does not say process\.uid$/],
    ],
    [
      'a case given twice',
      { tests: { ...rule.tests, silent: [{ 'process.uid': 0, 'exec.file.name': 'bash' }] } },
      [/silent\[0\] is the same as tests\.fires\[0\]/, /silent\[0\] fires/],
    ],
    ['a field that there is not', { tests: { ...rule.tests, silent: [{ 'exec.file.nam': 'ls' }] } }, [/did you mean "exec\.file\.name"/]],
    [
      'a value of a wrong type',
      { tests: { ...rule.tests, silent: [{ 'process.ancestors.file.name': 'ls' }] } },
      [/is a list of string, not ls/],
    ],
    ['a variable that there is not', { message: '{{@exec.arg}}' }, [/did you mean "exec\.args"/]],
    ['a bad condition', { where: 'exec.file.name ==' }, [/1:18: the condition ends/]],
    [
      'a misleading condition',
      { where: 'exec.file.name == "bash" && process.uid == 0 || process.gid == 7' },
      [/add parentheses/, /silent\[0\] is UNKNOWN/],
    ],
    ['a misspelt key', { benig: [] }, [/no key `benig`; did you mean `benign`/]],
    ['an unknown severity', { severity: 'urgent' }, [/one of info, low, medium, high, critical/]],
    ['an id with blanks', { id: 'Root shell' }, [/lower-case words/]],
    ['an unknown event', { on: 'exce' }, [/did you mean "exec"/]],
    ['`when` that says no', { when: () => false }, [/fires\[0\] does not fire/]],
  ])('finds %s', (_, change, expected) => {
    const found = problems(change)
    expect(found).toHaveLength(expected.length)
    for (const [i, pattern] of expected.entries()) expect(found[i]).toMatch(pattern)
  })

  it('declares a test a rule and one for the pack, in any runner', () => {
    const declared: [string, () => void][] = []
    new RuleTester().run({ name: 'pack', rules: [rule, { ...rule, name: 'again' }, { ...rule, id: 'bad', tests: {} }] }, (name, run) =>
      declared.push([name, run]),
    )
    const failed = declared.filter(([, run]) => {
      try {
        run()
        return false
      } catch {
        return true
      }
    })
    expect(declared.map(([name]) => name)).toEqual(['root-shell', 'root-shell', 'bad', 'has rules, each with an id of its own'])
    expect(failed.map(([name]) => name)).toEqual(['bad', 'has rules, each with an id of its own'])
  })
})
