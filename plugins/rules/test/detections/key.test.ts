import { UNKNOWN } from '@cws/core'
import { expect, it } from 'vitest'
import { keyOf } from '../../src/detections/key.ts'

const UNSET = 4_294_967_295
const key = (fields: Record<string, unknown>, ...by: string[]) => keyOf({ get: (name) => fields[name] ?? UNKNOWN }, by)
const tree = (fields: Record<string, unknown>) => key(fields, 'tree')?.['tree']

it('knows a log-in by its number, which setsid and a new parent do not take off', () => {
  const fields = { 'process.pid': 9, 'process.audit_session': 12, 'process.ancestors.pid': [1], 'container.id': '' }
  expect(tree(fields)).toBe('login 12')
  expect(tree({ ...fields, 'process.audit_session': UNSET })).toBe('pid 9')
})

it('knows a service by what init began it with', () => {
  const service = { 'process.audit_session': UNSET, 'container.id': '' }
  const containers = ['', '', '']
  expect(tree({ ...service, 'process.pid': 30, 'process.ancestors.pid': [20, 10, 1], 'process.ancestors.container.id': containers })).toBe(
    'pid 10',
  )
  expect(tree({ ...service, 'process.pid': 20, 'process.ancestors.pid': [10, 1], 'process.ancestors.container.id': containers })).toBe(
    'pid 10',
  )
  expect(tree({ ...service, 'process.pid': 10, 'process.ancestors.pid': [1], 'process.ancestors.container.id': containers })).toBe('pid 10')
  expect(tree({ ...service, 'process.pid': 1 })).toBe('pid 1')
  // A lineage that is not known to its top.
  expect(tree({ ...service, 'process.pid': 30, 'process.ancestors.pid': [20, UNKNOWN] })).toBe('pid 20')
})

it('ends a tree where its container begins', () => {
  const pids = { 'process.ancestors.pid': [40, 30, 20, 1], 'process.audit_session': UNSET }
  expect(tree({ ...pids, 'process.pid': 50, 'container.id': 'c', 'process.ancestors.container.id': ['c', 'c', '', ''] })).toBe('pid 30')
  expect(tree({ ...pids, 'process.pid': 50, 'container.id': 'c', 'process.ancestors.container.id': ['', '', '', ''] })).toBe('pid 50')
})

it('knows a user by the log-in, else by the real id', () => {
  expect(key({ 'process.auid': 1000, 'process.uid': 0 }, 'user')).toEqual({ user: 1000 })
  expect(key({ 'process.auid': UNSET, 'process.uid': 33 }, 'user')).toEqual({ user: 33 })
  expect(key({ 'process.auid': UNSET }, 'user')).toBeUndefined()
})

it('is unknown where one of its values is', () => {
  expect(key({ 'container.id': '', 'process.pid': 5 }, 'container', 'process')).toEqual({ container: '', process: 5 })
  expect(key({ 'process.pid': 5 }, 'container', 'process')).toBeUndefined()
  expect(key({}, 'tree')).toBeUndefined()
  expect(key({})).toEqual({})
})
