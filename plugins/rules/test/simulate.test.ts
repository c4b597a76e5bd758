import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { obstacle, perform } from '../src/testing.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-perform-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const at = (...names: string[]) => join(folder, ...names)

describe('a file that is made', () => {
  test('holds a comment, has its permissions whatever the umask, and is removed', () => {
    const before = process.umask(0o077)
    try {
      const undo = perform({ make: at('x') })
      expect(readFileSync(at('x'), 'utf8')).toMatch(/^#/)
      expect(statSync(at('x')).mode & 0o7777).toBe(0o644)
      undo()
      expect(existsSync(at('x'))).toBe(false)
    } finally {
      process.umask(before)
    }
  })

  test('by a program of another name, or to be removed at once', () => {
    const undo = perform({ make: at('x'), by: 'nginx' })
    expect(readFileSync(at('x'), 'utf8')).toMatch(/^#/)
    undo()
    perform({ make: at('x'), removed: true })
    expect(existsSync(at('x'))).toBe(false)
  })

  test.each([{}, { by: 'nginx' }])('is never one that was there: %j', (how) => {
    writeFileSync(at('x'), 'somebody’s')
    expect(obstacle({ make: at('x'), ...how })).toBe(`${at('x')} is there already`)
    expect(() => perform({ make: at('x'), ...how })).toThrow()
    expect(readFileSync(at('x'), 'utf8')).toBe('somebody’s')
    expect(obstacle({ make: at('none', 'x'), ...how })).toBe(`there is no folder ${at('none')} here`)
  })
})

describe('a file that is opened', () => {
  test('is made with its folders where it is not there, and goes with them', () => {
    const trigger = { read: at('a', 'b', 'c'), madeWith: 0o600 }
    expect(obstacle(trigger)).toBeUndefined()
    const undo = perform(trigger)
    expect(statSync(at('a', 'b', 'c')).mode & 0o777).toBe(0o600)
    undo()
    expect(existsSync(at('a'))).toBe(false)
    expect(existsSync(folder)).toBe(true)
  })

  test('is left alone where it is there, and missed where it is not to be made', () => {
    writeFileSync(at('x'), 'somebody’s')
    perform({ read: at('x'), madeWith: 0o600 })()
    expect(readFileSync(at('x'), 'utf8')).toBe('somebody’s')
    expect(obstacle({ read: at('y') })).toBe(`there is no ${at('y')} here`)
  })

  test('by a program at a path of its own, which goes with it and is never one that was there', () => {
    const undo = perform({ read: at('x'), madeWith: 0o600, by: at('tool') })
    expect(existsSync(at('tool'))).toBe(true)
    expect(obstacle({ read: at('x'), by: at('tool') })).toBe(`${at('tool')} is there already`)
    undo()
    expect(existsSync(at('tool'))).toBe(false)
    perform({ read: at('x'), madeWith: 0o600, by: 'below/bin/node' })()
    expect(existsSync(at('x'))).toBe(false)
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)('what was made is removed when %s ends who made it', async (signal) => {
  const modules = ['undoing', 'perform'].map((name) => JSON.stringify(join(import.meta.dirname, `../src/simulate/${name}.ts`)))
  const program = `const [{ Undoing }, { perform }] = await Promise.all([${modules.map((path) => `import(${path})`).join(', ')}])
    using done = new Undoing()
    done.undo = perform({ make: ${JSON.stringify(at('x'))} })
    process.stdout.write('made')
    await new Promise((resolve) => setTimeout(resolve, 60_000))`
  const child = spawn(process.execPath, ['--conditions=cws-source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  expect(existsSync(at('x'))).toBe(true)
  const ended = once(child, 'exit')
  child.kill(signal)
  expect(await ended).toEqual([null, signal])
  expect(existsSync(at('x'))).toBe(false)
})

describe('a program that runs', () => {
  /** A shell writes down who it is. */
  const writes = (what: string) => ['-c', `{ ${what}; } >${at('out')}`]
  const written = () => readFileSync(at('out'), 'utf8').trim()

  test('bears its name, its arguments and its variables, in a folder that is gone afterwards', () => {
    perform({ run: 'odd', copyOf: '/bin/sh', args: writes('echo $0 $A; pwd'), env: { A: 'b' } })
    const [program, variable, place] = written().split(/\s/) as [string, string, string]
    expect([program, variable]).toEqual([join(place, 'odd'), 'b'])
    expect(existsSync(place)).toBe(false)
  })

  test('stands below others, the first of them outermost', () => {
    const parents = 'p=$PPID; cat /proc/$p/comm; cat /proc/$(cut -d " " -f 4 /proc/$p/stat)/comm'
    perform({ run: '/bin/sh', args: writes(parents), below: ['outer', 'inner'] })
    expect(written()).toBe('inner\nouter')
  })

  test('is missed where it is not installed', () => {
    expect(obstacle({ run: '/nowhere/program' })).toBe('there is no /nowhere/program here')
    expect(obstacle({ run: 'program', folder: '/nowhere' })).toBe('there is no /nowhere here')
  })
})
