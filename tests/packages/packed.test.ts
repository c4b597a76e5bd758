import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from '../../scripts/pack.ts'
import { root } from '../support/agent.ts'
import { plainEnvironment } from '../support/environment.ts'
import { packedOnce } from '../support/packed.ts'

let folder: string
let packed: readonly Packed[]

/** Unpacks everything beside what npm would fetch: the packages as they will be installed, without a network. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-packed-'))
  packed = packedOnce()
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@cws'), { recursive: true })
  for (const { manifest, tarball } of packed) {
    const target = join(modules, manifest.name)
    mkdirSync(target)
    execFileSync('tar', ['xzf', tarball, '-C', target, '--strip-components=1'])
  }
  const ours = new Set(packed.map(({ manifest }) => manifest.name))
  for (const name of thirdParties(join(root, 'node_modules')))
    if (!ours.has(name) && name !== '@cws') {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), join(modules, name))
    }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function thirdParties(modules: string): string[] {
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return []
    return name.startsWith('@') && name !== '@cws' ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]
  })
}

const manifestOf = (name: string) => {
  const found = packed.find(({ manifest }) => manifest.name === name)
  if (!found) throw new Error(`${name} was not packed`)
  return found
}

/** The entry points that a package offers besides its package.json. */
const entriesOf = ({ manifest }: Packed) =>
  Object.keys((manifest as { exports?: Record<string, unknown> }).exports ?? {})
    .filter((entry) => entry !== './package.json')
    .map((entry) => join(manifest.name, entry))

describe('packed packages', () => {
  it('hold what was built, a README and the licence, and no sources, tests or build state', () => {
    for (const { manifest, files, folder: home } of packed) {
      expect(files, manifest.name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
      const strange = files.filter((file) => /(?:^|\/)(?:src|test|tests)\/|\.test\.|tsbuildinfo|tsconfig|(?<!\.d)\.ts$/.test(file))
      expect(strange, manifest.name).toEqual([])
      const built = files
        .filter((file) => file.startsWith('dist/') && file.endsWith('.js'))
        .map((file) => file.slice('dist/'.length, -'.js'.length))
      const sources = globSync('**/*.ts', { cwd: join(root, home, 'src') }).map((file) => file.slice(0, -'.ts'.length))
      expect(built.sort(), manifest.name).toEqual(sources.filter((file) => !file.endsWith('.d')).sort())
    }
  })

  it('carry the addon and the BPF objects where the platform is', () => {
    const { files, manifest } = manifestOf('@cws/native-linux-x64')
    expect(files).toContain('cws_native.node')
    const programs = globSync('*.bpf.c', { cwd: join(root, 'bpf') }).map((file) => file.replace(/c$/, 'o'))
    expect(files).toEqual(expect.arrayContaining(programs))
    expect(manifest).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['glibc'] })
    for (const other of packed.filter((it) => it.manifest.name !== '@cws/native-linux-x64'))
      expect(
        other.files.filter((file) => /\.(?:node|o|a|so)$/.test(file)),
        other.manifest.name,
      ).toEqual([])
  })

  it('bring the schema for editors with the agent', () => {
    expect(manifestOf('@cws/agent').files).toContain('cws.config.schema.json')
  })

  it('run nothing at install', () => {
    for (const { manifest } of packed) expect((manifest as { scripts?: unknown }).scripts, manifest.name).toBeUndefined()
  })

  it('need no more than is said: core its libraries, and no plugin and no native code', () => {
    expect(Object.keys(manifestOf('@cws/core').manifest.dependencies ?? {}).sort()).toEqual([
      '@babel/code-frame',
      'commander',
      'cosmiconfig',
      'handlebars',
      'mdast-util-from-markdown',
      'pino',
      're2js',
      'semver',
      'tapable',
      'tldts',
      'undici',
      'yaml',
      'zod',
    ])
    for (const { manifest, example } of packed)
      if (manifest.name !== '@cws/agent' && !manifest.name.startsWith('@cws/native') && manifest.name !== '@cws/core')
        expect(manifest.peerDependencies, manifest.name).toEqual({ '@cws/core': '^0.1.0' })
      else expect(example).toBe(false)
  })

  it('resolve for Node without the condition of this repository', () => {
    const entries = packed.flatMap(entriesOf)
    const script = join(folder, 'entries.mjs')
    writeFileSync(
      script,
      `const places = {}
       for (const entry of ${JSON.stringify(entries)}) { await import(entry); places[entry] = import.meta.resolve(entry) }
       console.log(JSON.stringify(places))`,
    )
    const places = JSON.parse(
      execFileSync(process.execPath, [script], { cwd: folder, encoding: 'utf8', env: plainEnvironment() }),
    ) as Record<string, string>
    expect(Object.keys(places)).toEqual(entries)
    for (const [entry, place] of Object.entries(places)) expect(place, entry).toMatch(/\/node_modules\/.*\.js$/)
    expect(entries).toEqual(expect.arrayContaining(['@cws/core', '@cws/core/testing', '@cws/agent', 'cws-plugin-listeners']))
  })

  it('have types that resolve, strictly, also those that a third party adds', () => {
    const imports = packed.flatMap(entriesOf).map((entry, i) => `import * as m${i} from '${entry}'\nvoid m${i}`)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(folder, 'consumer.ts'),
      `${imports.join('\n')}
import { defineConfig, defineRule } from '@cws/core'
import listeners from 'cws-plugin-listeners'
import jsonl from 'cws-plugin-notify-jsonl'

defineRule({ id: 'port', name: 'A port', severity: 'low', on: 'listener', where: { 'listener.port': { gte: 1024 } }, message: '{{@listener.port}}' })
// @ts-expect-error there is no such field
defineRule({ id: 'port', name: 'A port', severity: 'low', on: 'listener', where: { 'listener.prot': 1 }, message: '' })
defineConfig({ plugins: [listeners(), jsonl({ path: '/x' })], notifications: [{ name: 'All', to: 'jsonl' }] })
// @ts-expect-error nobody has this name
defineConfig({ plugins: [listeners(), jsonl({ path: '/x' })], notifications: [{ name: 'All', to: 'json' }] })
// @ts-expect-error not an option
listeners({ intervall: 1 })
`,
    )
    const tsc = join(root, 'node_modules/.bin/tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--lib',
      'es2024,esnext.disposable',
    ]
    let said = ''
    try {
      execFileSync(tsc, [...options, 'consumer.ts'], { cwd: folder, encoding: 'utf8', env: plainEnvironment() })
    } catch (error) {
      said = (error as { stdout: string }).stdout
    }
    expect(said).toBe('')
  })

  it('have maps that carry their sources', () => {
    for (const { manifest } of packed) {
      const home = join(folder, 'node_modules', manifest.name)
      for (const file of globSync('dist/**/*.js.map', { cwd: home }))
        expect((JSON.parse(readFileSync(join(home, file), 'utf8')) as { sourcesContent?: unknown[] }).sourcesContent, file).toHaveLength(1)
    }
    expect(existsSync(join(folder, 'node_modules/@cws/core/dist/index.js.map'))).toBe(true)
  })
})
