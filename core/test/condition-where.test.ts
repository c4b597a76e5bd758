import { describe, expect, it } from 'vitest'
import { compileCondition } from '../src/condition/compile.ts'
import { fromWhere } from '../src/condition/from-where.ts'
import type { Condition, Readable } from '../src/condition/ir.ts'
import type { Where } from '../src/condition/where.ts'
import { CwsError } from '../src/errors/cws-error.ts'
import { exec } from '../src/model/events/exec.ts'
import { open } from '../src/model/events/open.ts'
import { type Truth, UNKNOWN } from '../src/model/unknown.ts'

const subject = (values: Record<string, unknown>): Readable => ({ get: (field) => (field in values ? values[field] : UNKNOWN) })
const judge = (where: Where<'exec'>, values: Record<string, unknown>): Truth => compileCondition(fromWhere(where, exec))(subject(values))

describe('Kleene logic', () => {
  const values = { 'process.uid': 0, 'process.gid': 1 }
  const T: Condition = { op: 'oneof', field: 'process.uid', any: [0] }
  const F: Condition = { op: 'oneof', field: 'process.gid', any: [0] }
  const U: Condition = { op: 'oneof', field: 'process.euid', any: [0] }
  const truth = (condition: Condition) => compileCondition(condition)(subject(values))
  const table: [Condition, Condition, Truth, Truth][] = [
    [T, T, true, true],
    [T, F, false, true],
    [T, U, UNKNOWN, true],
    [F, F, false, false],
    [F, U, false, UNKNOWN],
    [U, U, UNKNOWN, UNKNOWN],
  ]
  it.each(table)('%#', (a, b, and, or) => {
    for (const of of [
      [a, b],
      [b, a],
    ]) {
      expect(truth({ op: 'and', of })).toBe(and)
      expect(truth({ op: 'or', of })).toBe(or)
    }
  })
  it('negates', () => {
    expect([T, F, U].map((of) => truth({ op: 'not', of }))).toEqual([false, true, UNKNOWN])
  })
  it('knows the empty conjunction and disjunction', () => {
    expect(truth({ op: 'and', of: [] })).toBe(true)
    expect(truth({ op: 'or', of: [] })).toBe(false)
  })
})

describe('where', () => {
  it('holds if all fields hold', () => {
    const where = { 'exec.file.name': ['sh', 'bash'], 'process.ancestors.file.name': ['nginx', 'php-fpm*'] }
    expect(judge(where, { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['php-fpm8.2', 'systemd'] })).toBe(true)
    expect(judge(where, { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['sshd', 'systemd'] })).toBe(false)
    expect(judge(where, { 'exec.file.name': 'bash\n', 'process.ancestors.file.name': ['nginx'] })).toBe(false)
    expect(judge(where, { 'exec.file.name': 'bash' })).toBe(UNKNOWN)
    expect(judge(where, { 'exec.file.name': 'ls' })).toBe(false)
  })

  it('takes stars as a glob on paths and as a pattern elsewhere', () => {
    expect(judge({ 'exec.file.path': '/tmp/*' }, { 'exec.file.path': '/tmp/a/b' })).toBe(false)
    expect(judge({ 'exec.file.path': '/tmp/**' }, { 'exec.file.path': '/tmp/a/b' })).toBe(true)
    expect(judge({ 'exec.args': '*secret*' }, { 'exec.args': 'a /b/secret/c' })).toBe(true)
  })

  it('negates array tests as "no element"', () => {
    const where: Where<'exec'> = { 'process.ancestors.file.name': { not: 'sshd' } }
    expect(judge(where, { 'process.ancestors.file.name': ['bash', 'sshd'] })).toBe(false)
    expect(judge(where, { 'process.ancestors.file.name': [] })).toBe(true)
    expect(judge(where, { 'process.ancestors.file.name': ['bash', UNKNOWN] })).toBe(UNKNOWN)
    expect(judge({ 'process.ancestors.file.name': 'bash' }, { 'process.ancestors.file.name': [UNKNOWN, 'bash'] })).toBe(true)
  })

  it('compares numbers of both kinds', () => {
    expect(judge({ 'process.uid': { gte: 1000, lt: 2000 } }, { 'process.uid': 1500 })).toBe(true)
    expect(judge({ 'process.file.inode': 5 }, { 'process.file.inode': 5n })).toBe(true)
    expect(judge({ 'process.file.inode': { gt: 5 } }, { 'process.file.inode': 2n ** 63n })).toBe(true)
    expect(judge({ 'exec.file.mode': { bits: 0o6000 } }, { 'exec.file.mode': 0o104755 })).toBe(true)
    expect(judge({ 'exec.file.mode': { bits: 0o6000 } }, { 'exec.file.mode': 0o100755 })).toBe(false)
    expect(judge({ 'process.cap_effective': { bits: 1n << 40n } }, { 'process.cap_effective': 1n << 40n })).toBe(true)
  })

  it('knows an empty container id from an unknown one', () => {
    expect(judge({ 'container.id': '' }, { 'container.id': '' })).toBe(true)
    expect(judge({ 'container.id': { not: '' } }, {})).toBe(UNKNOWN)
  })

  it('nests all, any and none', () => {
    const where: Where<'exec'> = { any: [{ 'process.uid': 0 }, { 'process.euid': 0 }], none: [{ 'exec.file.name': 'sudo' }] }
    expect(judge(where, { 'process.uid': 1, 'process.euid': 0, 'exec.file.name': 'id' })).toBe(true)
    expect(judge(where, { 'process.uid': 1, 'process.euid': 0, 'exec.file.name': 'sudo' })).toBe(false)
    expect(judge({}, {})).toBe(true)
  })

  it('knows constants by name', () => {
    expect(fromWhere({ 'open.flags': { bits: 'O_CREAT' } } as never, open)).toEqual({ op: 'bits', field: 'open.flags', mask: 0o100 })
  })

  it.each<[object, RegExp]>([
    [{ 'exec.file.nme': 'sh' }, /no field "exec\.file\.nme"; did you mean "exec\.file\.name"/],
    [{ 'exec.file.name': 5 }, /exec\.file\.name is a text, not 5/],
    [{ 'process.uid': 'root' }, /no number and no constant of process\.uid/],
    [{ 'process.uid': 1.5 }, /is an integer/],
    [{ 'process.uid': { lt: '5' } }, /no number/],
    [{ 'process.is_exec': 1 }, /true or false/],
    [{ 'exec.file.name': [] }, /empty list/],
    [{ 'exec.file.name': {} }, /tested for nothing/],
    [{ 'exec.file.name': { regx: 'a' } }, /no test "regx"; did you mean "regex"/],
    [{ 'exec.file.name': { regex: '(' } }, /invalid regular expression/],
    [{ 'process.uid': { regex: 'a' } }, /tests texts/],
    [{ 'exec.args': 'a**b' }, /crosses segments of paths only/],
    [{ 'exec.file.path': 'etc/passwd' }, /absolute paths/],
    [{ 'exec.file.path': '/etc/../x' }, /clean paths/],
    [{ 'exec.file.path': '/etc/' }, /clean paths/],
    [{ any: { 'process.uid': 0 } }, /takes a list/],
    [{ any: { toString: 0 } }, /takes a list of conditions, not an object/],
    [{ 'process.uid': [{ toString: 0, valueOf: 0 }] }, /is a number, not an object/],
    [{ 'exec.file.name': null }, /is a text, not null/],
  ])('refuses %j', (where, message) => {
    expect(() => fromWhere(where as never, exec)).toThrow(CwsError)
    expect(() => fromWhere(where as never, exec)).toThrow(message)
  })

  it('is bounded in depth', () => {
    let where: object = { 'process.uid': 0 }
    for (let i = 0; i < 100_000; i++) where = { all: [where] }
    expect(() => fromWhere(where as never, exec)).toThrow(/nest deeper/)
  })
})
