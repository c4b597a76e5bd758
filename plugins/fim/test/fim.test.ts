import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { UNKNOWN } from '@cws/core'
import { PluginTester } from '@cws/core/testing'
import { CHANGE, CHANGE_SIZE, FAN, type FileKind, HEADER, inInitialPidNamespace, PathPatterns, readBytes } from '@cws/native'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import fim from '../src/index.ts'
import { isFirst, kindsOf } from '../src/kinds.ts'
import { optionsSchema } from '../src/options.ts'
import { Problems } from '../src/problems.ts'
import { changeReaders, noRecord } from '../src/readers.ts'
import { foundRecord } from '../src/record.ts'
import { headOf, Watch } from '../src/watch.ts'

const { EDQUOT, ENOENT, ENOSPC, ENOTDIR } = constants.errno

new PluginTester({ describe, it }).run(fim, {
  valid: [
    { watch: ['/etc', '/root/.ssh/authorized_keys', '/', '/a/..b/...'] },
    { watch: ['/etc/**', '/usr/bin/*', '/srv/shop/config/*.yaml', '/a/[!x-z]?'], ignore: ['/etc/mtab', '/etc/**/*.swp'] },
    { watch: ['/x'], flavour: 'fanotify', maxFolders: 1 },
  ],
  invalid: [
    {},
    { watch: [] },
    { watch: ['etc'] },
    { watch: ['*.conf'] },
    { watch: ['/etc/'] },
    { watch: ['/a/../b'] },
    { watch: ['/a//b'] },
    { watch: ['/a\0b'] },
    { watch: ['/a/[b'] },
    { watch: ['/a/[]'] },
    { watch: ['/a/[!]'] },
    { watch: [`/${'a/'.repeat(60)}b`] },
    { watch: ['/x'], ignore: ['x'] },
    { watch: ['/x'], flavour: 'scan' },
    { watch: ['/x'], maxFolders: 0 },
  ],
})

test('what the options take, the patterns take', () => {
  const text = fc
    .string({ unit: fc.constantFrom('/', 'a', '*', '?', '[', ']', '!', '^', '-', '.', 'é'), maxLength: 8 })
    .map((rest) => `/${rest}`)
  fc.assert(
    fc.property(text, (glob) => {
      const taken = () => {
        try {
          return new PathPatterns([glob]) && true
        } catch {
          return false
        }
      }
      expect([glob, optionsSchema.safeParse({ watch: [glob] }).success]).toEqual([glob, taken()])
    }),
    { numRuns: 2000 },
  )
})

test('what the kernel merged comes in the order in which it must have been done', () => {
  expect(kindsOf(FAN.CREATE | FAN.MODIFY | FAN.ATTRIB | FAN.DELETE, 1)).toEqual(['created', 'modified', 'attributes', 'deleted'])
  expect(kindsOf(FAN.CREATE, 2)).toEqual(['linked'])
  expect(kindsOf(FAN.CREATE | FAN.ONDIR, 2)).toEqual(['created'])
  for (const bit of [FAN.RENAME, FAN.MOVED_FROM, FAN.MOVED_TO]) expect(kindsOf(bit, 1)).toEqual(['renamed'])
  expect(kindsOf(FAN.ONDIR, 1)).toEqual([])
  expect(isFirst('created', FAN.CREATE | FAN.MODIFY)).toBe(true)
  expect(isFirst('created', FAN.CREATE | FAN.DELETE)).toBe(false)
  expect(isFirst('modified', FAN.CREATE | FAN.MODIFY)).toBe(false)
})

test('no record makes a reader throw, or read outside of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 400 }), fc.nat(600), fc.nat(600), (noise, offset, length) => {
      const memory = foundRecord(new Uint8Array(400), false, 1n, 2n)
      memory.bytes.set(noise, CHANGE_SIZE - 32 < 0 ? 0 : CHANGE.file_inode)
      memory.u32[CHANGE.file_path >>> 2] = offset
      memory.u32[(CHANGE.file_path >>> 2) + 1] = length
      const text = readBytes(memory, 0, CHANGE.file_path)
      expect(text === undefined || (offset > 0 && offset + length <= memory.bytes.length)).toBe(true)
      const readers = changeReaders({ ...noRecord(), memory, kind: 'created' }, (time) => time)
      for (const read of Object.values(readers)) expect(read(0)).not.toBe(undefined)
    }),
  )
})

test('a change whose author the kernel does not name says why', () => {
  const gap = (origin: 'fanotify' | 'inotify', pid: number, made: boolean) => {
    const memory = foundRecord(Buffer.from('/x'), false, 1n, 2n)
    memory.u32[HEADER.pid >>> 2] = pid
    if (!made) memory.u32[CHANGE.file_flags >>> 2] = 0
    return changeReaders({ ...noRecord(), memory, origin }, (time) => time)['event.author_gap']?.(0)
  }
  expect(gap('inotify', 0, false)).toBe('inotify names nobody')
  const own = inInitialPidNamespace() ? undefined : 'the agent runs in a pid namespace of its own'
  expect(gap('fanotify', 0, true)).toBe(own ?? 'it was found in a folder that had just been made or moved here')
  expect(gap('fanotify', 0, false)).toBe(own ?? 'the kernel named nobody')
  expect(gap('fanotify', 7, false)).toBe(own ?? UNKNOWN)
})

describe('what is marked', () => {
  let base: string
  let marked: string[]
  let problems: string[]
  let wholes: string[]
  let full: boolean
  const at = (...names: string[]) => join(base, ...names)
  /** Of the marked folders those of this test: the way there is marked too. */
  const below = () => [...new Set(marked)].filter((path) => path.startsWith(base)).sort()

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'cws-fim-'))
    marked = []
    problems = []
    wholes = []
    full = false
  })
  afterEach(() => rmSync(base, { recursive: true }))

  const kindOf = (of: { isDirectory(): boolean; isSymbolicLink(): boolean }): FileKind =>
    of.isDirectory() ? 'folder' : of.isSymbolicLink() ? 'link' : 'other'
  const look = (path: string | Uint8Array) => {
    const found = lstatSync(Buffer.from(path as Uint8Array), { throwIfNoEntry: false })
    return found && kindOf(found)
  }
  const list = (path: string | Uint8Array) =>
    readdirSync(Buffer.from(path as Uint8Array).toString(), { withFileTypes: true }).map((one) => ({
      name: Buffer.from(one.name),
      kind: kindOf(one),
    }))

  /** As the kernel does: a folder that is there, no link to one; `room` for so many that were not asked for. */
  const watch = (
    globs: readonly string[],
    { room = 100, refuse = '', ignore = [] as string[], whole = false, mounts = [] as string[] } = {},
  ) => {
    const mark = (path: string | Uint8Array, asked?: boolean) => {
      const text = Buffer.from(path as Uint8Array).toString()
      const fail = (errno: number) => Object.assign(new Error(`${text} cannot be watched`), { errno })
      if (text === refuse) throw fail(ENOSPC)
      const kind = look(path)
      if (!kind) throw fail(ENOENT)
      if (kind !== 'folder') throw fail(ENOTDIR)
      if (!asked && marked.length >= room) throw fail(EDQUOT)
      marked.push(text)
    }
    const all = globs.map((glob) => at(glob))
    const one = new Watch(
      all,
      new PathPatterns(
        all,
        ignore.map((glob) => at(glob)),
      ),
      {
        mark,
        markWhole: (path) => void wholes.push(Buffer.from(path as Uint8Array).toString()),
        mounts: () => mounts.map((path) => Buffer.from(at(path))),
        look,
        list,
      },
      (problem) => problems.push(problem),
      whole,
    )
    one.start()
    full = one.full
    return one
  }
  const foundBy = (one: Watch, path: string) => {
    const found: string[] = []
    one.appeared(Buffer.from(path), true, (of) => found.push(of.toString()))
    return found
  }

  test('a folder with all below it, once, and the way there', () => {
    mkdirSync(at('a', 'b', 'c'), { recursive: true })
    mkdirSync(at('other'))
    watch(['a', 'a/b', 'a'])
    expect(below()).toEqual([base, at('a'), at('a', 'b'), at('a', 'b', 'c')])
    expect(marked).toContain('/')
  })

  test('of a pattern only folders that may hold what it matches', () => {
    for (const path of ['bin/deep', 'shop/conf/deep', 'shop/other', 'store/conf', 'all/x/y']) mkdirSync(at(path), { recursive: true })
    watch(['bin/*', '*/conf/*.yaml', 'all/**'], { ignore: ['all/x'] })
    expect(below()).toEqual([base, at('all'), at('bin'), at('shop'), at('shop', 'conf'), at('store'), at('store', 'conf')])
  })

  test('of a file the folder alone; of what is not there the way as far as it goes, until it comes', () => {
    writeFileSync(at('file'), '')
    const one = watch(['file', 'x/y/z', 'w/*/v'])
    expect(below()).toEqual([base])
    mkdirSync(at('x', 'y', 'z'), { recursive: true })
    writeFileSync(at('x', 'y', 'z', 'early'), '')
    writeFileSync(at('x', 'y', 'other'), '')
    expect(foundBy(one, at('x'))).toEqual([at('x', 'y', 'z'), at('x', 'y', 'z', 'early')])
    mkdirSync(at('w', 'any'), { recursive: true })
    writeFileSync(at('w', 'any', 'v'), '')
    expect(foundBy(one, at('w'))).toEqual([at('w', 'any', 'v')])
    expect(below()).toEqual([base, at('w'), at('w', 'any'), at('x'), at('x', 'y'), at('x', 'y', 'z')])
  })

  test('of whole file systems only the way there, where it begins, and what is mounted below', () => {
    mkdirSync(at('a', 'b', 'c'), { recursive: true })
    const one = watch(['a/**', 'later'], { whole: true, mounts: ['a/b', 'other'] })
    expect(below()).toEqual([base])
    expect(wholes.sort()).toEqual([at('a'), at('a', 'b')])
    // What was moved here is looked through, what is made comes by itself, unless it was not there to be marked.
    writeFileSync(at('a', 'b', 'file'), '')
    expect(foundBy(one, at('a', 'b'))).toEqual([])
    one.appeared(Buffer.from(at('a', 'b')), false, (of) => expect([at('a/b/file'), at('a/b/c')]).toContain(of.toString()))
    mkdirSync(at('later'))
    writeFileSync(at('later', 'early'), '')
    expect(foundBy(one, at('later'))).toEqual([at('later', 'early')])
    expect(wholes).toContain(at('later'))
  })

  test('links that lead in a circle are told, and cost no other path', () => {
    mkdirSync(at('t'))
    symlinkSync('loop', at('loop'))
    symlinkSync('t', at('link'))
    watch(['loop/x', 't', 'link/*', 'link'])
    expect(marked).toContain(at('t'))
    const behind = (name: string) => `${at(name)} is a symbolic link: what is behind it is not watched by this path`
    expect(problems.sort()).toEqual([behind('link'), behind('loop')])
  })

  test('not more than allowed, but what was asked for, and what cannot be marked is told', () => {
    for (const name of ['a', 'b', 'c']) mkdirSync(at('large', name), { recursive: true })
    mkdirSync(at('small'))
    watch(['large', 'small'], { room: 0 })
    expect(below()).toEqual([base, at('large'), at('small')])
    expect(problems.join()).toContain('maxFolders')
    expect(full).toBe(true)
    problems = []
    watch(['large'], { refuse: at('large', 'b') })
    expect(problems).toEqual([`${at('large', 'b')} cannot be watched (errno ${ENOSPC})`])
  })
})

test('what was asked for stays in sight, others give way to newer ones, are logged so many a minute, and age', () => {
  let now = 0
  const logged: string[] = []
  let shown = ''
  const problems = new Problems(
    (problem) => logged.push(problem),
    (text) => (shown = text),
    () => now,
  )
  problems.add('asked', true)
  for (let i = 0; i < 1000; i++) problems.add(`one ${i}`, false)
  problems.add('asked', true)
  expect(shown.split('; ')).toHaveLength(21)
  expect(shown).toMatch(/^asked; one 980; .*; one 999$/)
  expect(logged).toHaveLength(21)
  now = 60_000
  problems.add('later', false)
  expect(logged.slice(21)).toEqual(['980 more like these were not logged', 'later'])
  now = 60 * 60_000 + 1
  problems.add('much later', false)
  expect(shown).toBe('asked; later; much later')
})

test('the head of a pattern is the path that all it matches begins with', () => {
  expect(['/etc', '/', '/etc/**', '/usr/bin/*', '/**', '/a/b?/c', '/a/[b]/c'].map(headOf)).toEqual([
    '/etc',
    '/',
    '/etc',
    '/usr/bin',
    '/',
    '/a',
    '/a',
  ])
})
