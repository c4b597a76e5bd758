import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { packedOnce } from '../../../tests/support/packed.ts'
import { prepareFolder } from '../../src/config/folders.ts'
import { load, plugins, refusal, sandbox, write } from './sandbox.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
/** As the agent runs as root from this clone. */
const asRoot = { root: true, installations: [repository] }
const nobody = 65534

const files = {
  ...plugins,
  'cws.config.ts': `import fim from '@cws/plugin-fim'\nimport './part.ts'\nexport default { plugins: [fim()] }`,
  'part.ts': 'globalThis.cwsPart = true',
}

afterAll(async () => {
  // The hooks stay with the process: leave them as others expect.
  await load('/', { systemFolder: '/nowhere', preset: async () => ({ plugins: [] }) })
})

test('root loads what root alone can write', async () => {
  const folder = sandbox(files)
  expect((await load(folder, { ...asRoot, configPath: 'cws.config.ts' })).instances).toHaveLength(1)
})

test('root passes over a configuration in the working directory, and says so', async () => {
  const folder = sandbox(files)
  const composition = await load(folder, { ...asRoot, preset: async () => ({ plugins: [] }) })
  expect(composition.file).toBeUndefined()
  expect(composition.warnings).toEqual([expect.stringContaining(`${folder}/cws.config.ts is not used`)])
})

test('root takes the configuration of the system’s folder', async () => {
  const folder = sandbox(files)
  expect((await load('/', { ...asRoot, systemFolder: folder })).file).toBe(`${folder}/cws.config.ts`)
})

test.each<[string, (folder: string) => void, string]>([
  ['of another user', (folder) => chownSync(`${folder}/cws.config.ts`, nobody, nobody), 'cws.config.ts belongs to user 65534'],
  ['that others can write', (folder) => chmodSync(`${folder}/cws.config.ts`, 0o666), 'cws.config.ts is writable by its group and others'],
  ['in a folder that others can write', (folder) => chmodSync(folder, 0o777), 'is writable by its group and others'],
  ['with a module beside it that others can write', (folder) => chmodSync(`${folder}/part.ts`, 0o646), 'part.ts is writable by others'],
  [
    'with a package of another user',
    (folder) => chownSync(`${folder}/node_modules/@cws/plugin-fim/index.js`, nobody, nobody),
    'index.js belongs to user 65534',
  ],
  [
    'with a package folder that others can write',
    (folder) => chmodSync(`${folder}/node_modules/@cws/plugin-fim`, 0o777),
    'plugin-fim, on the way to',
  ],
])('root refuses a configuration %s, and evaluates nothing of it', async (_, spoil, message) => {
  const seen = globalThis as { cwsPart?: boolean }
  delete seen.cwsPart
  const folder = sandbox(files)
  spoil(folder)
  const error = await refusal(folder, { ...asRoot, configPath: 'cws.config.ts' })
  expect(error.code).toBe('CWS_ERR_CONFIG_TRUST')
  expect(error.message).toContain(message)
  expect(error.hint).toMatch(/`ch(?:own|mod) /)
  expect(seen.cwsPart).toBeUndefined()
})

test('root refuses YAML and a link that another user made', async () => {
  const folder = sandbox({ ...plugins, 'cws.config.yaml': 'plugins: [fim]\n' })
  chmodSync(`${folder}/cws.config.yaml`, 0o622)
  expect((await refusal(folder, { ...asRoot, configPath: 'cws.config.yaml' })).code).toBe('CWS_ERR_CONFIG_TRUST')
  chmodSync(`${folder}/cws.config.yaml`, 0o600)
  const link = join(mkdtempSync(join(tmpdir(), 'cws-link-')), 'cws.config.yaml')
  onTestFinished(() => rmSync(join(link, '..'), { recursive: true }))
  symlinkSync(`${folder}/cws.config.yaml`, link)
  expect((await load('/', { ...asRoot, configPath: link })).instances).toHaveLength(1)
  execFileSync('chown', ['-h', String(nobody), link])
  expect((await refusal('/', { ...asRoot, configPath: link })).message).toContain('the symbolic link')
})

test('root accepts what is mounted read-only', async () => {
  const mount = mkdtempSync(join(tmpdir(), 'cws-mount-'))
  execFileSync('mount', ['-t', 'tmpfs', 'cws-test', mount])
  onTestFinished(() => {
    execFileSync('umount', [mount])
    rmSync(mount, { recursive: true })
  })
  write(mount, { 'cws.config.yaml': 'plugins: []\n' })
  chmodSync(`${mount}/cws.config.yaml`, 0o666)
  chownSync(`${mount}/cws.config.yaml`, nobody, nobody)
  expect((await refusal(mount, { ...asRoot, configPath: 'cws.config.yaml' })).code).toBe('CWS_ERR_CONFIG_TRUST')
  execFileSync('mount', ['-o', 'remount,ro,bind', mount])
  expect((await load(mount, { ...asRoot, configPath: 'cws.config.yaml' })).instances).toEqual([])
})

test('a state folder of another user is refused', () => {
  const folder = sandbox({})
  mkdirSync(`${folder}/state`)
  chownSync(`${folder}/state`, nobody, nobody)
  expect(() => prepareFolder(`${folder}/state`, 0o700)).toThrow(
    expect.objectContaining({ code: 'CWS_ERR_STATE_DIR', message: expect.stringContaining('belongs to user 65534') }),
  )
})

test('the built package loads TypeScript and YAML as the clone does', () => {
  const folder = sandbox({ ...plugins, 'cws.config.yaml': 'plugins: [fim, ./own.ts]\n', 'part.ts': 'export const limit: number = 2' })
  write(folder, {
    'own.ts': `import { definePlugin } from '@cws/core'\nimport { limit } from './part.ts'\nexport default definePlugin(import.meta, { name: 'own-' + limit as string, setup() {} })`,
    'sub/cws.config.ts': `import own from '../own.ts'\nimport { defineConfig } from '@cws/core'\nexport default defineConfig({ plugins: [own() as never] })`,
    'drive.mjs': `import { loadComposition } from './node_modules/@cws/core/dist/config/load-composition.js'
const names = []
for (const configPath of ['cws.config.yaml', 'sub/cws.config.ts'])
  names.push((await loadComposition({ configPath, cwd: import.meta.dirname, root: true })).instances.map((it) => it.instance.name))
console.log(JSON.stringify(names))`,
  })
  const built = `${folder}/node_modules/@cws/core`
  rmSync(built)
  mkdirSync(built)
  const tarball = packedOnce().find(({ manifest }) => manifest.name === '@cws/core')?.tarball as string
  execFileSync('tar', ['xzf', tarball, '-C', built, '--strip-components=1'])
  symlinkSync(`${repository}/node_modules`, `${built}/node_modules`)
  writeFileSync(`${folder}/package.json`, '{"name":"shop","type":"commonjs"}')
  const out = execFileSync(process.execPath, ['drive.mjs'], { cwd: folder, env: { PATH: process.env['PATH'] }, encoding: 'utf8' })
  expect(JSON.parse(out)).toEqual([['fim', 'own-2'], ['own-2']])
})
