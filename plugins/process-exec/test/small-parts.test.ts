import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UNKNOWN } from '@cws/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Clock, uptimeClock } from '../src/clock.ts'
import { nameHash } from '../src/flavours/bpf.ts'
import { SLAB_MAX } from '../src/table/slab.ts'
import { Strings } from '../src/table/strings.ts'
import { ttyName } from '../src/tty.ts'
import { Names } from '../src/users.ts'
import { inMemory } from './bytes.ts'

describe('interned strings', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  /** That differ in one byte, if in any. */
  const long = fc
    .tuple(fc.constantFrom(1, 31, 32, 700, 1024, 1500), fc.nat(1499), fc.constantFrom(0, 1, 0x80))
    .map(([length, place, byte]) => new Uint8Array(length).fill(0x61).map((one, i) => (i === place % length ? one ^ byte : one)))

  test('equal bytes have one number, others another; all come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, long), { maxLength: 200 }), (list) => {
        const strings = new Strings(4 * 1024 * 1024)
        // Wherever they start.
        const ids: number[] = []
        for (const [i, entry] of list.entries()) ids.push(strings.intern(inMemory(entry, i % 9), i % 9, entry.length))
        const distinct = new Map(list.map((entry, i) => [Buffer.from(entry).toString('hex'), ids[i]]))
        expect(new Set(distinct.values()).size).toBe(distinct.size)
        for (const [i, entry] of list.entries()) {
          const id = ids[i] as number
          const at = strings.offsetOf(id)
          expect(Buffer.from(strings.bufferOf(id).subarray(at, at + strings.lengthOf(id))).equals(entry)).toBe(true)
          expect(distinct.get(Buffer.from(entry).toString('hex'))).toBe(id)
        }
        for (const id of ids) strings.release(id)
        expect(strings.count).toBe(0)
      }),
    )
  })

  test('the number of what was let go is not given again by what was asked for last', () => {
    const strings = new Strings(2 * 1024 * 1024)
    const intern = (text: string) => strings.intern(inMemory(text), 0, text.length)
    strings.release(intern(''))
    const empty = intern('')
    expect(strings.count).toBe(1)
    expect(intern('a')).not.toBe(empty)
    expect(strings.count).toBe(2)
  })

  test('one is not taken for another that it begins with, whatever their ends and middle', () => {
    const strings = new Strings(2 * 1024 * 1024)
    // Of words that are all the same: for some two lengths all that is compared first is the same, too.
    const ids = Array.from({ length: 400 }, (_, i) => strings.intern(inMemory('abcd'.repeat(400)), 0, 4 * i))
    expect(new Set(ids).size).toBe(400)
    for (const [i, id] of ids.entries()) {
      expect(strings.lengthOf(id)).toBe(4 * i)
      expect(strings.intern(inMemory('abcd'.repeat(400)), 0, 4 * i)).toBe(id)
    }
  })

  test('are bounded, refuse when full, and have room again', () => {
    const strings = new Strings(2 * 1024 * 1024)
    const ids: number[] = []
    for (let i = 0; strings.refused === 0; i++) {
      const entry = Buffer.from(`${i}`.padEnd(3000, 'x'))
      const id = strings.intern(inMemory(entry), 0, entry.length)
      if (id !== 0) ids.push(id)
    }
    expect(strings.bytes).toBeLessThanOrEqual(2 * 1024 * 1024)
    expect(ids.length).toBeGreaterThan(300)
    for (const id of ids) strings.release(id)
    // Another size: the memory is not tied to the first.
    for (let i = 0; i < 5000; i++) expect(strings.intern(inMemory(`other ${i}`.padEnd(200)), 0, 200)).not.toBe(0)
  })

  test('what is derived goes with its string', () => {
    const strings = new Strings(2 * 1024 * 1024)
    const upper = strings.derive((text) => text.toUpperCase())
    const first = strings.intern(inMemory('abc'), 0, 3)
    expect([strings.text(first), upper(first)]).toEqual(['abc', 'ABC'])
    strings.release(first)
    const second = strings.intern(inMemory('xyz'), 0, 3)
    expect(second).toBe(first)
    expect([strings.text(second), upper(second)]).toEqual(['xyz', 'XYZ'])
  })

  test('very long ones are cut', () => {
    const strings = new Strings(2 * 1024 * 1024)
    const id = strings.intern(inMemory(Buffer.alloc(10_000, 97)), 0, 10_000)
    expect(strings.lengthOf(id)).toBe(SLAB_MAX)
  })
})

test('names of terminals', () => {
  const dev = (major: number, minor: number) => ((major << 20) | minor) >>> 0
  expect([0, dev(136, 3), dev(136, 300), dev(4, 1), dev(4, 64), dev(5, 1), dev(229, 0), dev(250, 9)].map(ttyName)).toEqual([
    '',
    'pts3',
    'pts300',
    'tty1',
    'ttyS0',
    'console',
    'hvc0',
    '250:9',
  ])
})

test('names of users follow the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-names-'))
  try {
    const file = join(folder, 'passwd')
    writeFileSync(file, 'root:x:0:0::/:/bin/sh\nbroken\n:x:1:1\ntwin:x:0:0\nann:x:1000:100:,,,:/home/ann:/bin/sh\n')
    const names = new Names(file)
    expect([0, 1, 1000].map((id) => names.of(id))).toEqual(['root', UNKNOWN, 'ann'])
    writeFileSync(file, 'anna:x:1000:100::/:/bin/sh\n')
    names.refresh()
    expect(names.of(1000)).toBe('anna')
    unlinkSync(file)
    names.refresh()
    expect(names.of(1000)).toBe(UNKNOWN)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the clock goes from boot time to wall time and back', () => {
  const clock = new Clock(() => 5_000_000_000n)
  const wall = clock.toWall(5_000_000_000n)
  expect(Math.abs(Number(wall / 1_000_000n) - Date.now())).toBeLessThan(1000)
  expect(clock.toBoot(wall)).toBe(5_000_000_000n)
  const uptime = uptimeClock()
  const first = uptime()
  expect(uptime()).toBeGreaterThanOrEqual(first)
})

test('names of variables are hashed as the kernel side does: FNV-1a, 64 bit', () => {
  expect(nameHash('')).toBe(0xcbf29ce484222325n)
  expect(nameHash('a')).toBe(0xaf63dc4c8601ec8cn)
  expect(nameHash('foobar')).toBe(0x85944171f73967e8n)
})
