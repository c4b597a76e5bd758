import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluginTester } from '@cws/core/testing'
import { CHANGE, CHANGE_SIZE, FAN } from '@cws/native'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import fim from '../src/index.ts'
import { kindsOf } from '../src/kinds.ts'
import { changeReaders } from '../src/readers.ts'
import { foundRecord, textAt } from '../src/record.ts'
import { Watch } from '../src/watch.ts'

new PluginTester({ describe, it }).run(fim, {
  valid: [{ paths: ['/etc', '/root/.ssh/authorized_keys', '/', '/a/..b/...'] }, { paths: ['/x'], flavour: 'fanotify', maxFolders: 1 }],
  invalid: [
    {},
    { paths: [] },
    { paths: ['etc'] },
    { paths: ['/etc/'] },
    { paths: ['/a/../b'] },
    { paths: ['/a//b'] },
    { paths: ['/a\0b'] },
    { paths: ['/x'], flavour: 'inotify' },
    { paths: ['/x'], maxFolders: 0 },
  ],
})

test('what the kernel merged comes in the order in which it must have been done', () => {
  expect(kindsOf(FAN.CREATE | FAN.MODIFY | FAN.ATTRIB | FAN.DELETE, 1)).toEqual(['created', 'modified', 'attributes', 'deleted'])
  expect(kindsOf(FAN.CREATE, 2)).toEqual(['linked'])
  expect(kindsOf(FAN.CREATE | FAN.ONDIR, 2)).toEqual(['created'])
  for (const bit of [FAN.RENAME, FAN.MOVED_FROM, FAN.MOVED_TO]) expect(kindsOf(bit, 1)).toEqual(['renamed'])
  expect(kindsOf(FAN.ONDIR, 1)).toEqual([])
})

test('no record makes a reader throw, or read outside of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 400 }), fc.nat(600), fc.nat(600), (noise, offset, length) => {
      const memory = foundRecord(new Uint8Array(400), false, 1n, 2n)
      memory.bytes.set(noise, CHANGE_SIZE - 32 < 0 ? 0 : CHANGE.file_inode)
      memory.u32[CHANGE.file_path >>> 2] = offset
      memory.u32[(CHANGE.file_path >>> 2) + 1] = length
      const text = textAt(memory, 0, CHANGE.file_path)
      expect(text === undefined || (offset > 0 && offset + length <= memory.bytes.length)).toBe(true)
      const readers = changeReaders({ memory, kind: 'created' }, (time) => time)
      for (const read of Object.values(readers)) expect(read(0)).not.toBe(undefined)
    }),
  )
})

describe('what is marked', () => {
  let base: string
  let trees: string[]
  let files: string[]
  let problems: string[]
  const at = (...names: string[]) => join(base, ...names)

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'cws-fim-'))
    trees = []
    files = []
    problems = []
  })
  afterEach(() => rmSync(base, { recursive: true }))

  const watch = (paths: readonly string[], maxFolders = 100, refuse?: string) => {
    const group = (marked: string[]) => ({
      mark: (path: string | Uint8Array) => {
        const text = Buffer.from(path as Uint8Array).toString()
        if (text === refuse) throw Object.assign(new Error(`${text} cannot be watched`), { errno: 28 })
        try {
          // As the kernel does: a folder that is there, no link to one.
          if (!isFolder(text)) throw Object.assign(new Error('no'), { errno: 20 })
        } catch (error) {
          throw Object.assign(error as Error, { errno: (error as { errno: number }).errno === 20 ? 20 : 2 })
        }
        marked.push(text)
      },
    })
    const one = new Watch(paths, { trees: group(trees), files: group(files) }, maxFolders, (problem) => problems.push(problem))
    one.start()
    return one
  }

  test('a folder with all below it, once, and the one above it', () => {
    mkdirSync(at('a', 'b', 'c'), { recursive: true })
    const one = watch([at('a'), at('a', 'b'), at('a')])
    expect(trees.sort()).toEqual([at('a'), at('a', 'b'), at('a', 'b', 'c')])
    expect(files).toEqual([base])
    expect([one.concerns(Buffer.from(at('a', 'x'))), one.concerns(Buffer.from(at('ab'))), one.concerns(Buffer.from(at('a')))]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('of a file the folder alone; of what is not there the nearest folder that is, until it comes', () => {
    writeFileSync(at('file'), '')
    const one = watch([at('file'), at('x', 'y', 'z')])
    expect([trees, files]).toEqual([[], [base]])
    mkdirSync(at('x', 'y', 'z'), { recursive: true })
    writeFileSync(at('x', 'y', 'z', 'early'), '')
    const found: string[] = []
    one.appeared(Buffer.from(at('x')), (path) => found.push(path.toString()))
    expect(trees).toEqual([at('x', 'y', 'z')])
    expect(files).toContain(at('x', 'y'))
    expect(found).toEqual([at('x', 'y', 'z'), at('x', 'y', 'z', 'early')])
    rmSync(at('x'), { recursive: true })
    one.vanished(Buffer.from(at('x', 'y', 'z')))
    expect(one.folders).toBe(0)
  })

  test('links that lead in a circle are told, and cost no other path', () => {
    mkdirSync(at('t'))
    symlinkSync('loop', at('loop'))
    const one = watch([at('loop', 'x'), at('t')])
    expect(trees).toEqual([at('t')])
    expect(problems.join()).toContain('ELOOP')
    expect(() => one.vanished(Buffer.from(at('loop')))).not.toThrow()
  })

  test('what was asked for is watched, however much is below another', () => {
    for (const name of ['a', 'b', 'c']) mkdirSync(at('large', name), { recursive: true })
    mkdirSync(at('small'))
    watch([at('large'), at('small')], 2)
    expect(trees).toContain(at('small'))
    expect(problems).toHaveLength(1)
  })

  test('a deleted folder is forgotten, and what was awaited in it is awaited above', () => {
    mkdirSync(at('x', 'y'), { recursive: true })
    const one = watch([at('x', 'y', 'z')])
    expect(files).toEqual([at('x', 'y')])
    rmSync(at('x', 'y'), { recursive: true })
    one.deleted(Buffer.from(at('x', 'y')))
    expect(files).toEqual([at('x', 'y'), at('x')])
  })

  test('not more than allowed, and what cannot be marked is told', () => {
    for (const name of ['a', 'b', 'c']) mkdirSync(at('t', name), { recursive: true })
    watch([at('t')], 2)
    expect([trees.length, problems.length]).toEqual([2, 1])
    watch([at('t')], 100, at('t', 'b'))
    expect(problems.at(-1)).toContain('cannot be watched (errno 28)')
  })
})

function isFolder(path: string): boolean {
  return lstatSync(path).isDirectory()
}
