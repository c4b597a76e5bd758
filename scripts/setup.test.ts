import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A clone of nothing but the set-up script, where npm, dpkg-query, apt-get, id and the native build only write down that they were called. */
let clone: string

const tool = (name: string, body: string) =>
  writeFileSync(join(clone, 'tools', name), `#!/bin/bash\necho "${name} $*" >>"${clone}/calls"\n${body}\n`, { mode: 0o755 })
const calls = (name: string) =>
  (existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8') : '')
    .split('\n')
    .filter((line) => line.startsWith(`${name} `))
const setup = (...args: string[]) => {
  const env = { ...process.env, PATH: `${join(clone, 'tools')}:/usr/bin:/bin` }
  return spawnSync('bash', [join(clone, 'scripts/setup'), ...args], { env, encoding: 'utf8' })
}

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'cws-setup-'))
  for (const folder of ['tools', 'scripts', 'native/scripts', 'native/addon', 'native/npm/linux-x64', 'bpf', 'tests/support'])
    mkdirSync(join(clone, folder), { recursive: true })
  cpSync(join(import.meta.dirname, 'setup'), join(clone, 'scripts/setup'))
  writeFileSync(join(clone, 'package-lock.json'), '{}')
  writeFileSync(join(clone, 'native/addon/addon.c'), 'int a;')
  writeFileSync(join(clone, 'bpf/process.bpf.c'), 'int b;')
  writeFileSync(join(clone, 'native/scripts/packages'), '# comment\nclang # why\nmake\n')
  writeFileSync(join(clone, 'tests/support/packages'), '# comment\nrunc # why\n')
  writeFileSync(
    join(clone, 'native/scripts/build'),
    `echo "build " >>"${clone}/calls"; touch native/npm/linux-x64/cws_native.node native/npm/linux-x64/process.bpf.o`,
  )
  tool('npm', 'mkdir -p node_modules/.bin; cp /bin/true node_modules/.bin/node; echo noise')
  tool('dpkg-query', 'echo installed clang; echo installed make')
  tool('apt-get', '')
  tool('id', 'echo 0')
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

describe('set-up', () => {
  test('does everything once, and nothing the second time', () => {
    expect(setup()).toMatchObject({ status: 0, stdout: '' })
    expect([calls('npm'), calls('build'), calls('apt-get')].map((list) => list.length)).toEqual([1, 1, 0])
    expect(setup()).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect([calls('npm'), calls('build'), calls('dpkg-query')].map((list) => list.length)).toEqual([1, 1, 1])
  })

  test.each([
    ['the lockfile changes', () => writeFileSync(join(clone, 'package-lock.json'), '{"a":1}'), { npm: 2, build: 1 }],
    ['the addon’s source changes', () => appendFileSync(join(clone, 'native/addon/addon.c'), '\n'), { npm: 1, build: 2 }],
    ['a BPF program changes', () => appendFileSync(join(clone, 'bpf/process.bpf.c'), '\n'), { npm: 1, build: 2 }],
    ['a built file is gone', () => rmSync(join(clone, 'native/npm/linux-x64/process.bpf.o')), { npm: 1, build: 2 }],
    ['node_modules is gone', () => rmSync(join(clone, 'node_modules'), { recursive: true }), { npm: 2, build: 1 }],
    ['a document changes', () => writeFileSync(join(clone, 'native/README.md'), 'words'), { npm: 1, build: 1 }],
  ])('when %s, redoes what depends on it', (_, change, expected) => {
    setup()
    change()
    expect(setup().status).toBe(0)
    expect({ npm: calls('npm').length, build: calls('build').length }).toEqual(expected)
  })

  test('as root installs the packages that are missing, after refreshing the lists', () => {
    tool('dpkg-query', 'echo installed make; echo not-installed clang')
    expect(setup().status).toBe(0)
    expect(calls('apt-get')[0]).toContain('update')
    expect(calls('apt-get')[1]).toMatch(/install -y --no-install-recommends clang$/)
  })

  test('without root prints the one line to run, and builds nothing', () => {
    tool('dpkg-query', 'true')
    tool('id', 'echo 1000')
    const { status, stderr } = setup()
    expect(status).toBe(1)
    expect(stderr).toContain('sudo apt-get update && sudo apt-get install -y --no-install-recommends clang make')
    expect([calls('apt-get').length, calls('build').length]).toEqual([0, 0])
  })

  test('installs the library that the repository’s Node needs, where a minimal system lacks it', () => {
    tool('dpkg-query', 'true')
    tool('npm', 'mkdir -p node_modules/.bin; cp /bin/false node_modules/.bin/node')
    tool('apt-get', 'case $* in *install*) cp /bin/true node_modules/.bin/node ;; esac')
    expect(setup('modules').status).toBe(0)
    expect(calls('apt-get')[1]).toMatch(/install -y --no-install-recommends libatomic1$/)
  })

  test('a failed step leaves no stamp and shows the end of its log', () => {
    tool('npm', 'echo registry is down; exit 1')
    const first = setup()
    expect(first.status).toBe(1)
    expect(first.stderr).toContain('registry is down')
    setup()
    expect(calls('npm').length).toBe(2)
  })

  test('`modules` needs neither packages nor a build', () => {
    expect(setup('modules').status).toBe(0)
    expect([calls('npm').length, calls('dpkg-query').length, calls('build').length]).toEqual([1, 0, 0])
  })

  test('`tests` brings what live tests need as well', () => {
    expect(setup('tests').status).toBe(0)
    expect(calls('apt-get')[1]).toMatch(/install -y --no-install-recommends runc$/)
    expect(calls('build').length).toBe(1)
  })
})
