import { join } from 'node:path'
import { expect, test } from 'vitest'
import { load, plugins, refusal, sandbox, write } from './sandbox.ts'

const imports = `import { defineConfig, env } from '@cws/core'
import fim from '@cws/plugin-fim'
import pager from 'cws-plugin-pager'
`

test('loads TypeScript in a folder that npm init made, with TypeScript beside it', async () => {
  const folder = sandbox({
    ...plugins,
    'cws.config.ts': `${imports}import { paths } from './lib/paths.ts'
      import legacy from './lib/legacy.cjs'
      export default defineConfig({ plugins: [fim({ watch: [...paths as string[], legacy] }), [false, null, [pager({ token: env('T') })]]],
        notifications: [{ name: 'All', to: 'pager', repeat: '4h' }] })`,
    'lib/paths.ts': `export const paths: readonly string[] = ['/srv/**']`,
    'lib/legacy.cjs': `module.exports = '/opt/**'`,
  })
  const composition = await load(folder, { env: { T: 'x' } })
  expect(composition.file).toBe(join(folder, 'cws.config.ts'))
  expect(composition.instances.map((it) => [it.instance.name, it.instance.kind, it.options])).toEqual([
    ['fim', 'plugin', { watch: ['/srv/**', '/opt/**'], hash: 'sha256', limits: { files: 1000 } }],
    ['pager', 'notifier', { token: { env: 'T' } }],
  ])
  expect(composition.notifications).toEqual([{ name: 'All', to: 'pager', repeat: '4h' }])
  expect(composition.warnings).toEqual([])
  const { limits } = composition.instances[0]!.options as { limits: object }
  expect(Object.isFrozen(limits)).toBe(true)
})

test.each([
  ['cws.config.mts', 'export default { plugins: [] as never[] }'],
  ['cws.config.mjs', 'export default async () => ({ plugins: [] })'],
  ['cws.config.js', 'export default { plugins: [] }'],
  ['cws.config.js', 'module.exports = { plugins: [] }'],
  ['cws.config.ts', 'module.exports = { plugins: [] as never[] }'],
  [
    'cws.config.ts',
    'export default ({ root, hostname }: { root: boolean; hostname: string }) => ({ plugins: root || !hostname ? 1 : [] })',
  ],
])('loads %s: %s', async (name, text) => {
  const composition = await load(sandbox({ [name]: text }))
  expect(composition.instances).toEqual([])
})

test('evaluates a changed configuration and the files beside it anew', async () => {
  const folder = sandbox({
    ...plugins,
    'cws.config.ts': `${imports}import { watch } from './watch.ts'\nimport more from './more.cjs'\nexport default { plugins: [fim({ watch: [...watch, more] })] }`,
    'watch.ts': `export const watch = ['/a']`,
    'more.cjs': `module.exports = '/b'`,
  })
  const watched = async () => (await load(folder)).instances[0]?.options
  expect(await watched()).toMatchObject({ watch: ['/a', '/b'] })
  write(folder, { 'watch.ts': `export const watch = ['/c']`, 'more.cjs': `module.exports = '/d'` })
  expect(await watched()).toMatchObject({ watch: ['/c', '/d'] })
})

test('finds packages in the agent’s installation', async () => {
  const installation = sandbox({
    ...plugins,
    'node_modules/cws-plugin-elsewhere/package.json':
      '{"name":"cws-plugin-elsewhere","version":"1.0.0","type":"module","exports":"./index.js"}',
    'node_modules/cws-plugin-elsewhere/index.js': `export { default } from '../@cws/plugin-fim/index.js'`,
  })
  const folder = sandbox({ 'cws.config.ts': `import fim from 'cws-plugin-elsewhere'\nexport default { plugins: [fim()] }` })
  const composition = await load(folder, { installations: [installation] })
  expect(composition.instances[0]?.instance.package.name).toBe('@cws/plugin-fim')
})

test('frames a wrong option at its key and names the nearest', async () => {
  const folder = sandbox({
    ...plugins,
    'cws.config.ts': `${imports}export default defineConfig({
  plugins: [
    fim({ name: 'files', wach: ['/etc/**'], limits: { file: 3 } }),
  ],
})`,
  })
  const error = await refusal(folder)
  expect(error.code).toBe('CWS_ERR_PLUGIN_OPTIONS')
  expect(error.plugin).toBe('files')
  expect(error.message).toContain(`cws.config.ts:6:26: plugin "files": unknown option "wach"; did you mean "watch"?`)
  expect(error.message).toContain(`cws.config.ts:6:55: plugin "files": limits: unknown option "file"; did you mean "files"?`)
  expect(error.frame).toContain(
    `> 6 |     fim({ name: 'files', wach: ['/etc/**'], limits: { file: 3 } }),\n    |                          ^^^^`,
  )
})

test('frames the call when the place of an option is not certain', async () => {
  const folder = sandbox({
    ...plugins,
    'cws.config.ts': `${imports}const options = { wach: [] }
export default defineConfig({
  plugins: [fim({ ...options })],
})`,
  })
  const error = await refusal(folder)
  expect(error.message).toContain('cws.config.ts:6:13: plugin "fim": unknown option "wach"')
})

test.each([
  ['syntax', 'export default {\n  plugins: [,,\n', /cws\.config\.ts:2:\d+: /],
  ['enum', 'enum Mode { A }\nexport default { plugins: [] }', /cws\.config\.ts:1:1: TypeScript enum is not supported/],
  ['throw', 'const a = 1\nthrow new Error("boo")\nexport default {}', /cws\.config\.ts:2:7: boo/],
  ['throwing function', 'export default () => {\n  throw new Error("boo")\n}', /cws\.config\.ts:2:9: boo/],
  ['rejection', 'export default async () => {\n  throw "boo"\n}', /cws\.config\.ts: boo/],
  ['nothing exported', 'export const plugins = []', /no default export/],
  ['missing file', 'import x from "./gone.ts"\nexport default x', /cws\.config\.ts:1:15: there is no \.\/gone\.ts/],
])('refuses a configuration with %s', async (_, text, message) => {
  const error = await refusal(sandbox({ 'cws.config.ts': text }))
  expect(error.code).toBe('CWS_ERR_CONFIG_LOAD')
  expect(error.message).toMatch(message)
  if (/:\d+:\d+:/.test(error.message)) expect(error.frame).toContain('> ')
})

test('frames a syntax error of JavaScript', async () => {
  const error = await refusal(sandbox({ 'cws.config.mjs': 'export default {\n  plugins: []] }\n' }))
  expect(error.message).toContain('cws.config.mjs:2:')
  expect(error.frame).toContain('> 2 |')
})

test('frames an error in a file beside the configuration', async () => {
  const folder = sandbox({ 'cws.config.ts': `import './part.ts'\nexport default { plugins: [] }`, 'part.ts': 'let a = 1\nlet b: = 2\n' })
  const error = await refusal(folder)
  expect(error.message).toContain('part.ts:2:')
})

test('names the package that is not installed and how to install it', async () => {
  const error = await refusal(sandbox({ 'cws.config.ts': `import a from '@cws/plugin-nowhere/sub'\nexport default { plugins: [a()] }` }))
  expect(error.code).toBe('CWS_ERR_PLUGIN_NOT_FOUND')
  expect(error.hint).toContain('npm install @cws/plugin-nowhere')
  expect(error.frame).toContain('> 1 |')
})

test.each([
  ['a function', 'export default () => new Promise(() => {})'],
  ['a module', 'await new Promise(() => {})\nexport default {}'],
])('gives up on %s that never settles', async (_, text) => {
  const error = await refusal(sandbox({ 'cws.config.mjs': text }), { timeoutMs: 50 })
  expect(error.code).toBe('CWS_ERR_CONFIG_TIMEOUT')
})

test.each([
  ['fim', 'the plugin’s factory was not called'],
  ['{ apply() {} }', 'a plugin of webpack'],
  ['{ setup() {} }', 'not yet a plugin'],
  ['Promise.resolve(fim())', 'a promise is no plugin'],
  ['class A {}', 'a class is no plugin'],
  ['import * as fim', 'a module is no plugin'],
  ['"fim"', 'a text is no plugin'],
  ['true', '`true` is no plugin'],
  ['{ plugins: [] }', 'a configuration is no plugin'],
  ['() => fim()', 'a function is no plugin'],
])('explains %s among the plugins', async (entry, message) => {
  const namespace = entry.startsWith('import *')
  const text = `import fim from '@cws/plugin-fim'\nimport * as all from '@cws/plugin-fim'\nexport default {\n  plugins: [fim(), ${namespace ? 'all' : entry}] }`
  const error = await refusal(sandbox({ ...plugins, 'cws.config.ts': text }))
  expect(error.code).toBe('CWS_ERR_PLUGIN_INVALID')
  expect(error.message).toContain(message)
  expect(error.message).toContain('cws.config.ts:4:20')
})

test('tells two plugins of one name, an incompatible one, and a function for a notifier', async () => {
  const folder = sandbox({
    ...plugins,
    'cws.config.ts': `${imports}import old from 'cws-plugin-old'
export default { plugins: [fim(), fim(), old(), pager({ token: env('T'), format: { title: () => 1 } })] }`,
  })
  const error = await refusal(folder, { env: { T: 'x' } })
  expect(error.code).toBe('CWS_ERR_PLUGIN_DUPLICATE')
  expect(error.message).toContain('3 problems')
  expect((error.cause as AggregateError).errors.map((it: { code: string }) => it.code)).toEqual([
    'CWS_ERR_PLUGIN_DUPLICATE',
    'CWS_ERR_PLUGIN_INCOMPATIBLE',
    'CWS_ERR_OPTION_NOT_CLONEABLE',
  ])
  expect(error.message).toContain('cws-plugin-old 9.9.9 needs @cws/core ^7.0.0, but this is @cws/core 0.1.0')
  expect(error.message).toContain('format.title')
})

test('takes the preset where there is no configuration, and refuses without one', async () => {
  const folder = sandbox({})
  const composition = await load(folder, { preset: async () => ({ plugins: [] }) })
  expect(composition.file).toBeUndefined()
  expect((await refusal(folder)).code).toBe('CWS_ERR_CONFIG_NOT_FOUND')
  expect((await refusal(folder, { configPath: 'no.yaml' })).code).toBe('CWS_ERR_CONFIG_NOT_FOUND')
})

test('what cosmiconfig would read as its own configuration is neither evaluated nor obeyed', async () => {
  const folder = sandbox({
    'cws.config.yaml': 'plugins: []\n',
    '.config/config.js': 'globalThis.cwsEvaluatedMeta = true; module.exports = { cws: { plugins: ["evil"] } }',
    '.config/config.yaml': 'cws: { plugins: [evil] }\n',
    'package.json': '{"cosmiconfig":{"searchPlaces":["evil.json"]},"cws":{"plugins":["evil"]}}',
    'evil.json': '{"plugins":["evil"]}',
  })
  const before = process.cwd()
  process.chdir(folder)
  try {
    expect((await load(folder)).instances).toEqual([])
    expect((await load(folder, { configPath: 'cws.config.yaml' })).instances).toEqual([])
    expect(process.cwd()).toBe(folder)
  } finally {
    process.chdir(before)
  }
  expect((globalThis as { cwsEvaluatedMeta?: boolean }).cwsEvaluatedMeta).toBeUndefined()
})
