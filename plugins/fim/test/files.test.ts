import type { Condition } from '@cws/core'
import { expect, test } from 'vitest'
import { filesNamed, narrowFirst } from '../src/opens/files.ts'

const path = (...any: readonly { kind: 'exact' | 'glob' | 'pattern' | 'regex'; text: string }[]): Condition => ({
  op: 'match',
  field: 'open.file.path',
  any,
})
const exact = (text: string) => path({ kind: 'exact', text })
const program: Condition = { op: 'match', field: 'process.file.name', any: [{ kind: 'exact', text: 'cat' }] }
const named = (...conditions: readonly Condition[]) =>
  filesNamed(conditions.map((condition) => ({ plugin: 'rules', condition, urgent: true })))

test('files that conditions name, by paths, globs and patterns', () => {
  expect(named(exact('/etc/shadow'), path({ kind: 'glob', text: '/root/.ssh/id_*' }, { kind: 'exact', text: '/a' })).globs).toEqual([
    '/a',
    '/etc/shadow',
    '/root/.ssh/id_*',
  ])
  expect(named(path({ kind: 'pattern', text: '/etc/ssh/ssh_host_*_key' })).globs).toEqual(['/etc/ssh/**'])
  expect(named(path({ kind: 'glob', text: '/home/*/.aws/**' })).globs).toEqual(['/home/*/.aws/**'])
  expect(named(exact('/a[b]*')).globs).toEqual(['/a?b??'])
  expect(named({ op: 'oneof', field: 'open.file.path', any: ['/x'] }).globs).toEqual(['/x'])
})

test('what else a condition asks narrows, and one of several ways without a path widens to all', () => {
  expect(named({ op: 'and', of: [program, exact('/etc/shadow')] })).toEqual({ globs: ['/etc/shadow'], unbounded: [] })
  expect(named({ op: 'or', of: [exact('/a'), exact('/b')] }).globs).toEqual(['/a', '/b'])
  const all: readonly Condition[] = [
    { op: 'or', of: [program, exact('/a')] },
    { op: 'not', of: exact('/a') },
    { op: 'always' },
    program,
    path({ kind: 'regex', text: '^/etc/.*' }),
    path({ kind: 'glob', text: '/**/id_rsa' }),
    path({ kind: 'pattern', text: '*/id_rsa' }),
    exact('relative'),
    exact('/a/../b'),
  ]
  for (const condition of all) expect(named(condition)).toEqual({ globs: [], unbounded: ['rules'] })
})

test('what a user can fill with files stands behind what only root can', () => {
  const globs = ['/home/*/.ssh/id_*', '/root/.ssh/id_*', '/etc/ssh/**', '/home/*/.aws/**', '/etc/shadow', '/etc/shadow']
  expect(narrowFirst(globs)).toEqual(['/etc/shadow', '/etc/ssh/**', '/root/.ssh/id_*', '/home/*/.aws/**', '/home/*/.ssh/id_*'])
})
