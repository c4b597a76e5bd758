import { chmodSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCondition } from '../../src/condition/parse.ts'
import { frameOf } from '../../src/config/frame.ts'
import { readText } from '../../src/config/text-source.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { CwsError } from '../../src/errors/cws-error.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { load, plugins, refusal, sandbox, write } from './sandbox.ts'

const yaml = (text: string, more: Record<string, string> = {}) => sandbox({ ...plugins, ...more, 'cws.config.yaml': text })

test('loads YAML: short names, full names, paths, options, secrets', async () => {
  const folder = yaml(
    `plugins:
  - fim
  - fim: { name: shop, watch: [/srv/**], hash: none }
  - cws-plugin-pager: { token: { env: PAGER_TOKEN } }
  - ./own.ts: { limit: 3 }
notifications:
  - { name: All, to: [pager], repeat: 4h }
`,
    {
      'own.ts': `import { definePlugin } from '@cws/core'
import { z } from 'zod'
export default definePlugin(import.meta, { name: 'own', options: z.strictObject({ limit: z.int() as z.ZodInt }), setup() {} })`,
    },
  )
  const composition = await load(folder, { env: { PAGER_TOKEN: 'x' } })
  expect(composition.instances.map((it) => [it.instance.name, it.options])).toEqual([
    ['fim', { watch: ['/etc/**'], hash: 'sha256', limits: { files: 1000 } }],
    ['shop', { watch: ['/srv/**'], hash: 'none', limits: { files: 1000 } }],
    ['pager', { token: { env: 'PAGER_TOKEN' } }],
    ['own', { limit: 3 }],
  ])
})

test('a preset is listed like a plugin, with its options', async () => {
  const folder = yaml('plugins:\n  - ./both.ts: { watch: [/srv/**] }\n  - pager: { token: { env: T } }\n', {
    'both.ts': `import { definePreset } from '@cws/core'
import fim from '@cws/plugin-fim'
export default definePreset(({ watch } = {}) => [fim(), [fim({ name: 'more', watch })]])`,
  })
  const { instances } = await load(folder, { env: { T: 'x' } })
  expect(instances.map(({ instance, options }) => [instance.name, (options as { watch?: unknown }).watch])).toEqual([
    ['fim', ['/etc/**']],
    ['more', ['/srv/**']],
    ['pager', undefined],
  ])
})

test('loads JSON', async () => {
  const folder = sandbox({ ...plugins, 'cws.config.json': '{\n\t"plugins": ["fim", { "pager": { "token": { "env": "T" } } }]\n}' })
  expect((await load(folder, { env: { T: 'x' } })).instances.map((it) => it.instance.name)).toEqual(['fim', 'pager'])
})

test.each([
  ['unknown key', 'plugin: []\nplugins: []', 'CWS_ERR_CONFIG_INVALID', '1:1: unknown key "plugin"; did you mean "plugins"?'],
  ['no plugins', 'notifications: []', 'CWS_ERR_CONFIG_INVALID', '`plugins` is missing'],
  ['no object', '- fim', 'CWS_ERR_CONFIG_INVALID', 'a configuration is an object, but a list was given'],
  ['plugins of a wrong type', 'plugins: fim', 'CWS_ERR_CONFIG_INVALID', '1:10: `plugins` must be a list, but a text was given'],
  [
    'wrong type',
    'plugins:\n  - fim: { watch: /etc }',
    'CWS_ERR_PLUGIN_OPTIONS',
    '2:19: plugin "fim": watch: expected a list, but "/etc" was given',
  ],
  [
    'wrong word',
    'plugins:\n  - fim: { hash: sha255 }',
    'CWS_ERR_PLUGIN_OPTIONS',
    '2:18: plugin "fim": hash: expected "sha256" or "none", but "sha255" was given; did you mean "sha256"?',
  ],
  [
    'deep wrong value',
    'plugins:\n  - fim: { limits: { files: -1 } }',
    'CWS_ERR_PLUGIN_OPTIONS',
    '2:29: plugin "fim": limits.files: expected number to be >0, but -1 was given',
  ],
  [
    'unknown option',
    'plugins:\n  - fim: { wach: [] }',
    'CWS_ERR_PLUGIN_OPTIONS',
    '2:12: plugin "fim": unknown option "wach"; did you mean "watch"?',
  ],
  [
    'missing option',
    'plugins:\n  - pager',
    'CWS_ERR_PLUGIN_OPTIONS',
    '2:5: plugin "pager": token: expected env("NAME"), secretFile("/path") or a text, but nothing was given',
  ],
  [
    'missing package',
    'plugins:\n  - fims',
    'CWS_ERR_PLUGIN_NOT_FOUND',
    '2:5: none of the packages @cws/plugin-fims, cws-plugin-fims, fims is installed',
  ],
  ['missing file', 'plugins:\n  - ./fims.js', 'CWS_ERR_PLUGIN_NOT_FOUND', '2:5: there is no file'],
  ['no name', 'plugins:\n  - "fim; rm"', 'CWS_ERR_PLUGIN_NOT_FOUND', 'is no name of a package'],
  ['two keys in an entry', 'plugins:\n  - { fim: {}, pager: {} }', 'CWS_ERR_PLUGIN_INVALID', '2:5: expected the name of a plugin'],
  ['options that are none', 'plugins:\n  - fim: 5', 'CWS_ERR_PLUGIN_OPTIONS', '2:5: the options of "fim" must be a map, but 5 was given'],
  ['two of a name', 'plugins: [fim, fim]', 'CWS_ERR_PLUGIN_DUPLICATE', '1:16: plugin "fim": two plugins are named "fim"'],
  ['name of a wrong form', 'plugins: [{ fim: { name: ../x } }]', 'CWS_ERR_PLUGIN_OPTIONS', '1:26: plugin "../x": `name` must be'],
  [
    'incompatible',
    'plugins: [old]',
    'CWS_ERR_PLUGIN_INCOMPATIBLE',
    'cws-plugin-old 9.9.9 needs @cws/core ^7.0.0, but this is @cws/core 0.1.0',
  ],
  ['not a plugin', 'plugins: [zod]', 'CWS_ERR_PLUGIN_INVALID', 'the default export of "zod" is not a plugin’s factory'],
  [
    'destination',
    'plugins: [{ pager: { token: { env: T } } }]\nnotifications: [{ name: A, to: pagr }]',
    'CWS_ERR_DESTINATION_UNKNOWN',
    '2:32: `to` names "pagr", but there is no such notifier; did you mean "pager"?',
  ],
  [
    'destination that is no notifier',
    'plugins: [fim]\nnotifications: [{ name: A, to: [fim] }]',
    'CWS_ERR_DESTINATION_UNKNOWN',
    'which is a plugin but no notifier',
  ],
  [
    'key of a notification',
    'plugins: []\nnotifications: [{ name: A, to: [], wen: x }]',
    'CWS_ERR_CONFIG_INVALID',
    '2:36: unknown key "wen" in a notification rule; did you mean "when"?',
  ],
  ['condition', 'plugins: []\nnotifications: [{ name: A, to: a, when: "x ==" }]', 'CWS_ERR_CONDITION', '2:41: `when`: does not parse'],
  [
    'duration',
    'plugins: []\nnotifications: [{ name: A, to: a, repeat: soon }]',
    'CWS_ERR_CONFIG_INVALID',
    '2:43: `repeat` must be a duration',
  ],
  ['syntax', 'plugins:\n  - fim: [\n', 'CWS_ERR_CONFIG_LOAD', 'Flow sequence in block collection'],
  ['double key', 'plugins: []\nplugins: []', 'CWS_ERR_CONFIG_LOAD', '2:1: Map keys must be unique'],
  ['tag', 'plugins: !!js/function "x"', 'CWS_ERR_CONFIG_LOAD', 'Unresolved tag'],
  ['import', '$import: /etc/passwd\nplugins: []', 'CWS_ERR_CONFIG_INVALID', '1:1: unknown key "$import"'],
  [
    'missing variable',
    'plugins: [{ pager: { token: { env: GONE } } }]',
    'CWS_ERR_SECRET_MISSING',
    'token: the environment variable GONE is not set or empty',
  ],
  ['missing secret file', 'plugins: [{ pager: { token: { file: ./gone } } }]', 'CWS_ERR_SECRET_MISSING', '/gone does not exist'],
  ['empty', '', 'CWS_ERR_CONFIG_LOAD', 'is empty'],
])('refuses YAML with %s', async (_, text, code, message) => {
  const error = await refusal(yaml(text), {
    env: { T: 'x' },
    checkCondition: () => (condition) => {
      if (condition === 'x ==') throw new CwsError('CWS_ERR_CONDITION', 'does not parse')
    },
  })
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)])
  if (/:\d+:\d+: /.test(error.message)) expect(error.frame).toMatch(/^> \d+ \|/m)
})

test.each([
  ['quiet: soon', '`quiet` must be an object such as'],
  ["quiet: { from: '25:00', to: '06:00', zone: UTC }", '`from` must be a time of the day such as 22:00, but "25:00" was given'],
  ["quiet: { from: '22:00', zone: UTC }", '`to` must be a time of the day such as 22:00, but nothing was given'],
  ["quiet: { from: '22:00', to: '22:00', zone: UTC }", '`from` and `to` are the same'],
  ["quiet: { from: '22:00', to: '06:00', zone: Europe/Pari }", 'there is no time zone "Europe/Pari"; did you mean "Europe/Paris"?'],
  ["quiet: { from: '22:00', to: '06:00' }", '`zone` must be the name of a time zone'],
  ["quiet: { from: '22:00', to: '06:00', zone: UTC, except: sever }", '`except` must be one of info, low, medium, high, critical'],
  ["quiet: { from: '22:00', to: '06:00', zone: UTC, exept: low }", 'unknown key "exept" in `quiet`; did you mean "except"?'],
  ['escalate: []', '`escalate` must be a list of steps'],
  ['escalate: [5]', 'a step of `escalate` must be an object'],
  ['escalate: [{ to: pager }]', '`after` must be a duration such as 10m, but nothing was given'],
  ['escalate: [{ after: 0m, to: pager }]', '`after` must be a duration such as 30m or 4h, but "0m" was given'],
  ['escalate: [{ after: 5m }]', '`to` must be a notifier’s name or a list of them, but nothing was given'],
  ['escalate: [{ after: 5m, to: [pager, pagr] }]', '`to` names "pagr", but there is no such notifier; did you mean "pager"?'],
  ['wait: 5', '`wait` must be a duration such as 30m or 4h, but 5 was given'],
  ['repeat: 30s', '`repeat` is at least 1m, but "30s" was given'],
  ['update: 5 minutes', '`update` must be a duration such as 30m or 4h'],
])('of a notification rule refuses %s [case 31]', async (key, message) => {
  const error = await refusal(
    yaml(`plugins: [{ pager: { token: { env: T } } }]\nnotifications:\n  - name: A\n    to: pager\n    ${key}\n`),
    { env: { T: 'x' } },
  )
  expect(error.message).toContain(message)
  expect(error.message).toMatch(/cws\.config\.yaml:5:\d+: /)
})

test('quiet hours and escalation are taken as they should be', async () => {
  const folder = yaml(`plugins: [{ pager: { token: { env: T } } }]
notifications:
  - name: A
    to: pager
    quiet: { from: '22:00', to: '06:00', zone: Europe/Paris, except: critical }
    escalate: [{ after: 10m, to: pager }, { after: 20m, to: [pager] }]
`)
  const { notifications } = await load(folder, { env: { T: 'x' } })
  expect(routesOf(notifications ?? [], ['pager'])).toMatchObject([
    {
      quiet: { from: 1_320, to: 360, zone: 'Europe/Paris', except: 4 },
      escalate: [
        { after: 600_000, to: ['pager'] },
        { after: 1_200_000, to: ['pager'] },
      ],
    },
  ])
})

test('a template that is wrong is refused with its place; none is read where there is none [case 38]', async () => {
  const rule = (more: string) => yaml(`plugins: [{ pager: { token: { env: T } } }]\nnotifications:\n  - { name: A, to: pager${more} }\n`)
  const checkTemplate = async (events: Parameters<typeof signalScope>[0]) => (text: string) =>
    compileTemplate(text, signalScope(events)).mentions
  await load(rule(', message: "**{{rule_name}}**: `{{@process.args}}`"'), { env: { T: 'x' }, checkTemplate })
  const error = await refusal(rule(', message: "{{@process.file.pth}}"'), { env: { T: 'x' }, checkTemplate })
  expect(error.code).toBe('CWS_ERR_TEMPLATE')
  expect(error.message).toMatch(/cws\.config\.yaml:3:\d+: `message`: 1:\d+: .*process\.file\.path/)
  expect(error.frame).toMatch(/^> 3 \|/m)
  await load(rule(''), { env: { T: 'x' }, checkTemplate: () => expect.unreachable() })
})

test('what goes wrong with a template at signals of some kind is warned of, with its place', async () => {
  const folder = yaml('plugins: [{ pager: { token: { env: T } } }]\nnotifications: [{ name: A, to: pager, message: "{{details}}" }]')
  const { warnings } = await load(folder, {
    env: { T: 'x' },
    checkTemplate: async () => (text, warn) => {
      warn(`${text} is long`)
      return []
    },
  })
  expect(warnings).toEqual([expect.stringMatching(/cws\.config\.yaml:2:\d+: `message`: \{\{details\}\} is long$/)])
})

describe('a template that mentions somebody', () => {
  const PLUGINS = `plugins:
  - pager: { token: { env: T }, people: [ann, bob] }
  - pager: { token: { env: T }, name: other, people: [zoe] }
  - pager: { token: { env: T }, name: silent }
`
  const warningsOf = async (rule: string): Promise<readonly string[]> => {
    const folder = yaml(`${PLUGINS}notifications:\n  - { name: A, ${rule} }\n`)
    const checkTemplate = async (events: Parameters<typeof signalScope>[0]) => (text: string) =>
      compileTemplate(text, signalScope(events)).mentions
    return (await load(folder, { env: { T: 'x' }, checkTemplate })).warnings
  }
  const message = (...ids: string[]) => `message: '${ids.map((id) => `{{mention "pager" "${id}"}}`).join(' ')}'`

  test.each([
    ['whom its destination calls', `to: pager, ${message('ann', 'bob')}`],
    ['whom one of its destinations calls', `to: [silent, other], ${message('zoe')}`],
    ['whom a step of its escalation calls', `to: pager, escalate: [{ after: 10m, to: other }], ${message('zoe', 'ann')}`],
  ])('%s is as it is meant', async (_, rule) => {
    expect(await warningsOf(rule)).toEqual([])
  })

  test.each([
    [
      'a name that is misspelt',
      `to: [pager, silent], ${message('ann', 'bop')}`,
      '{{mention "pager" "bop"}} calls nobody: the options of "pager" and "silent" do not allow it; did you mean "bob"?',
    ],
    ['somebody of another destination', `to: pager, ${message('zoe')}`, 'the options of "pager" do not allow it; there is "ann", "bob"'],
    ['anybody where none is called', `to: silent, ${message('ann')}`, 'the options of "silent" do not allow it, nor anybody else'],
    [
      'a kind that is misspelt',
      `to: pager, message: '{{mention "pagr" "ann"}}'`,
      '{{mention "pagr" "ann"}} calls nobody: it goes to no destination of the kind "pagr"; did you mean "pager"?',
    ],
  ])('%s is warned of, with its place', async (_, rule, words) => {
    expect(await warningsOf(rule)).toEqual([expect.stringMatching(/cws\.config\.yaml:6:\d+: `message`: /)])
    expect((await warningsOf(rule))[0]).toContain(words)
  })
})

test('a condition that is legal but misleading is warned of, with its place', async () => {
  const folder = yaml(
    'plugins: [{ pager: { token: { env: T } } }]\nnotifications: [{ name: A, to: pager, when: "count > 1 && count > 2 || count > 3" }]',
  )
  const { warnings } = await load(folder, {
    env: { T: 'x' },
    checkCondition: (events) => (text, warn) => parseCondition(text, signalScope(events), warn),
  })
  expect(warnings).toEqual([expect.stringMatching(/cws\.config\.yaml:2:\d+: `when`: 1:\d+: .*&&/)])
})

test('a broken plugin is told from a missing one', async () => {
  const folder = yaml('plugins: [broken]', {
    'node_modules/cws-plugin-broken/package.json': '{"name":"cws-plugin-broken","type":"module","exports":"./index.js"}',
    'node_modules/cws-plugin-broken/index.js': 'import "left-out"',
  })
  const error = await refusal(folder)
  expect(error.code).toBe('CWS_ERR_PLUGIN_INVALID')
  expect(error.message).toContain("Cannot find package 'left-out'")
})

test('a literal secret is taken only where nobody else can read it, and is never shown', async () => {
  const literal = 'xoxb-12345-very-secret'
  const folder = yaml(`plugins:\n  - pager: { token: ${literal} }\n  - fim: { watch: 5 }\n`)
  const file = `${folder}/cws.config.yaml`
  chmodSync(file, 0o640)
  const error = await refusal(folder)
  expect(error.code).toBe('CWS_ERR_SECRET_LITERAL')
  expect(error.message).toContain('mode 0640')
  expect(error.hint).toContain(`chmod 600 ${file}`)
  expect(error.frame).toContain('token: ******')
  expect(JSON.stringify([error.message, error.frame, error.hint, error.stack])).not.toContain(literal)
  write(folder, { 'cws.config.yaml': `plugins:\n  - pager: { token: ${literal} }\n` })
  chmodSync(file, 0o600)
  expect((await load(folder)).instances[0]?.options).toEqual({ token: { literal } })
})

test.each([
  ['a secret of a wrong type', 'plugins:\n  - pager: { token: { env: [xoxb-12345] } }'],
  ['a secret below a misspelt key', 'plugins:\n  - pager: { tokn: xoxb-12345, token: { env: T } }'],
  ['a syntax error beside it', 'plugins:\n  - pager: { token: xoxb-12345, ] }'],
])('does not show %s', async (_, text) => {
  const error = await refusal(yaml(text), { env: { T: 'x' } })
  expect(JSON.stringify([error.message, error.frame, error.hint])).not.toContain('xoxb')
})

test('paths of secret files are relative to the configuration', async () => {
  const folder = yaml('plugins: [{ pager: { token: { file: ./token } } }]', { token: 'x' })
  expect((await load(folder, { cwd: '/', configPath: `${folder}/cws.config.yaml` })).instances[0]?.options).toEqual({
    token: { file: `${folder}/token` },
  })
})

test('any text is read or refused with a place, never crashed on', () => {
  const words = fc.constantFrom(
    'plugins',
    ':',
    '-',
    ' ',
    '\n',
    '[',
    ']',
    '{',
    '}',
    '&a',
    '*a',
    '"',
    "'",
    '!!x',
    '|',
    '#',
    '\t',
    '---',
    '__proto__',
    '<<',
    '? ',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 60 }).map((it) => it.join('')),
    fc.json(),
  )
  fc.assert(
    fc.property(texts, fc.constantFrom('a.yaml', 'a.json'), (text, file) => {
      try {
        readText(file, text)
      } catch (error) {
        if (!(error instanceof CwsError) || error.code !== 'CWS_ERR_CONFIG_LOAD') throw error
      }
    }),
    { numRuns: 2000 },
  )
})

test('deep nesting and multiplying aliases are refused', () => {
  const bomb = `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `${'b'.repeat(i + 1)}: &${'b'.repeat(i + 1)} [*${'b'.repeat(i) || 'a'}, *${'b'.repeat(i) || 'a'}]`).join('\n')}`
  for (const text of ['['.repeat(100_000), bomb]) expect(() => readText('a.yaml', text)).toThrow(CwsError)
})

test.each<[string, (depth: number) => string]>([
  ['lists in brackets', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
  ['maps in braces', (depth) => '{"a":'.repeat(depth) + '}'.repeat(depth)],
  ['lists in lines', (depth) => `${'- '.repeat(depth)}a`],
  ['maps in lines', (depth) => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['brackets that nobody closes', (depth) => '['.repeat(depth)],
])('nesting is bounded: %s', (_, nested) => {
  const told = (depth: number) => {
    try {
      readText('a.yaml', nested(depth))
      return ''
    } catch (error) {
      expect(error).toMatchObject({ code: 'CWS_ERR_CONFIG_LOAD' })
      return (error as Error).message
    }
  }
  expect(told(100)).not.toContain('nested')
  for (const depth of [101, 1_000]) expect(told(depth)).toMatch(/^a\.yaml:\d+:\d+: nested deeper than 100$/)
})

test('brackets by the hundred thousand are refused where they are too deep, not read to their end', () => {
  expect(() => readText('a.json', '['.repeat(1 << 20))).toThrow(/^a\.json:1:101: nested deeper than 100$/)
})

test('a tag of thousands of characters is told in a few', async () => {
  expect((await refusal(yaml(`plugins: ${'!'.repeat(20_000)}`))).message.length).toBeLessThan(1_000)
})

test('of a file that has changed since it was read no frame is wider than its line', () => {
  const folder = sandbox({ 'cws.config.yaml': 'plugins: []\n' })
  const place = { file: `${folder}/cws.config.yaml`, line: 1, column: 3, end: { line: 1, column: 20_000 } }
  expect(frameOf(place, new Set())).toContain('> 1 | plugins: []\n    |   ^^^^^^^^^')
  expect(frameOf({ ...place, line: 7, end: { line: 7, column: 20_000 } }, new Set())?.length).toBeLessThan(100)
})

test('any value is a composition or refused with a code', async () => {
  const folder = sandbox(plugins)
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ plugins: fc.array(fc.oneof(fc.constant('fim'), fc.record({ fim: fc.jsonValue() }), fc.jsonValue())) }),
    fc.record({
      plugins: fc.constant([]),
      notifications: fc.array(fc.record({ name: fc.jsonValue(), to: fc.jsonValue(), when: fc.jsonValue() }, { requiredKeys: [] })),
    }),
  )
  await fc.assert(
    fc.asyncProperty(value, async (it) => {
      write(folder, { 'cws.config.json': JSON.stringify(it) })
      await load(folder, { configPath: 'cws.config.json' }).catch((error: unknown) => {
        if (!(error instanceof CwsError)) throw error
      })
    }),
    { numRuns: 150 },
  )
})

test('monitoring is off, on loopback, or where it is told', async () => {
  const monitoring = async (text: string) => (await load(yaml(`plugins: [fim]\n${text}`))).monitoring
  expect(await monitoring('')).toBeUndefined()
  expect(await monitoring('monitoring: {}')).toEqual({ listen: '127.0.0.1:9797' })
  expect(await monitoring('monitoring: { listen: "[::]:9100" }')).toEqual({ listen: '[::]:9100' })
})

test('who only looks may lack the environment and the files that the agent has its secrets from', async () => {
  const folder = yaml('plugins:\n  - fim\n  - pager: { token: { env: NO_SUCH_VARIABLE } }\nheartbeat: { url: { file: none } }')
  await expect(load(folder)).rejects.toMatchObject({ code: 'CWS_ERR_SECRET_MISSING' })
  expect((await load(folder, { usesSecrets: false })).instances.map(({ instance }) => instance.name)).toEqual(['fim', 'pager'])
})

test('a heartbeat has an address that is secret, and usual times', async () => {
  const { heartbeat } = await load(
    yaml('plugins: [fim]\nheartbeat: { url: { file: beat } }', { beat: 'https://watcher.example.com/ping/5f0c' }),
  )
  expect(heartbeat).toMatchObject({ every: '1m', tolerate: '15m', method: 'POST' })
})

test.each([
  ['heartbeat: {}', 'heartbeat.url'],
  ['heartbeat: { url: "http://watcher.example.com/ping/5f0c" }', 'heartbeat.url: the secret is not of the accepted form'],
  ['heartbeat: { url: "https://169.254.169.254/ping/5f0c" }', 'heartbeat.url: the secret is not of the accepted form'],
  ['heartbeat: { url: { env: NO_SUCH_VARIABLE } }', 'heartbeat.url: the environment variable NO_SUCH_VARIABLE is not set or empty'],
  ['heartbeat: { url: "https://watcher.example.com/", every: 1min }', 'heartbeat.every: '],
  ['heartbeat: { url: "https://watcher.example.com/", every: 0s }', 'heartbeat.every: '],
  ['heartbeat: { url: "https://watcher.example.com/", proxy: "http://ada:s3same@proxy.example.com" }', 'heartbeat.proxy: '],
  [
    'heartbeat: { url: "https://watcher.example.com/", proxy: { env: NO_SUCH_VARIABLE } }',
    'heartbeat.proxy: the environment variable NO_SUCH_VARIABLE',
  ],
  ['heartbeat: { url: "https://watcher.example.com/", evry: 1m }', 'did you mean "every"?'],
])('%s is refused with its place, and its address is not shown', async (text, words) => {
  const error = await refusal(yaml(`plugins: [fim]\n${text}\n`))
  expect(error).toMatchObject({ message: expect.stringContaining(words) })
  expect(`${error.message}${error.frame}`).not.toContain('5f0c')
})

test.each([
  ['monitoring: { lisen: "127.0.0.1:1" }', 'did you mean "listen"?'],
  ['monitoring: { listen: localhost }', 'monitoring.listen: expected an address and a port, for example 127.0.0.1:9797'],
  ['monitoring: { listen: "127.0.0.1:99999" }', 'monitoring.listen: expected an address and a port'],
  ['monitoring: true', 'monitoring: expected an object, but true was given'],
  ['monitorin: {}', 'did you mean "monitoring"?'],
])('%s is refused with its place', async (text, words) => {
  const error = await refusal(yaml(`plugins: [fim]\n${text}\n`))
  expect(error).toMatchObject({
    code: 'CWS_ERR_CONFIG_INVALID',
    message: expect.stringContaining(words),
    frame: expect.stringContaining('> 2 |'),
  })
})
