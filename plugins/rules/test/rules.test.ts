import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyRule, defineEvent, definePlugin, defineRule, type Event, int, UNKNOWN } from '@cws/core'
import { PluginTester, TestPipeline } from '@cws/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rules } from '../src/index.ts'

const shell = defineRule({
  id: 'shell-from-web-server',
  name: 'A web server started a shell',
  severity: 'high',
  on: 'exec',
  where: { 'exec.file.name': ['sh', 'bash'], 'process.ancestors.file.name': 'nginx' },
  tags: ['mitre:T1505.003'],
  message: '`{{@exec.args}}`',
})
const root = defineRule({ id: 'root', name: 'Root', severity: 'low', on: 'exec', where: 'process.uid == 0', message: 'root' })
const bash = { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['nginx', 'systemd'], 'process.uid': 33 }
const fired = (pipeline: TestPipeline) => pipeline.findings.map((finding) => finding.rule)

new PluginTester({ describe, it }).run(rules, {
  valid: [{ packs: [[shell]] }, {}, { packs: ['./rules/*'], tune: { root: 'off', shell: { unless: 'process.uid == 0' } } }],
  invalid: [{ packs: [5] }, { packs: 'x' }, { pack: [] }, { tune: { root: 'of' } }, { tune: { root: { sevrity: 'low' } } }],
})

describe('detection', () => {
  it('fires on what is true, with what the rule says', async () => {
    await using pipeline = await TestPipeline.of([rules({ packs: [[shell, root]] })])
    pipeline.emit('exec', bash)
    pipeline.emit('exec', { ...bash, 'process.ancestors.file.name': ['sshd'] })
    expect(pipeline.findings).toMatchObject([
      { rule: 'shell-from-web-server', severity: 'high', name: 'A web server started a shell', tags: ['mitre:T1505.003'] },
    ])
    expect(pipeline.faults).toEqual([])
  })

  it('lets all rules fire that are true', async () => {
    await using pipeline = await TestPipeline.of([rules({ packs: [[shell, root]] })])
    pipeline.emit('exec', { ...bash, 'process.uid': 0 })
    expect(fired(pipeline).sort()).toEqual(['root', 'shell-from-web-server'])
  })

  it('says what it needs of sources, exceptions included', async () => {
    await using pipeline = await TestPipeline.of([rules({ packs: [root], tune: { root: { unless: 'process.gid == 5' } } })])
    expect(
      pipeline
        .interests()
        .byType.get('exec')
        ?.map((interest) => interest.condition),
    ).toEqual([
      {
        op: 'and',
        of: [
          { op: 'oneof', field: 'process.uid', any: [0] },
          { op: 'not', of: { op: 'oneof', field: 'process.gid', any: [5] } },
        ],
      },
    ])
  })

  it('lets an exception hide a rule only where it is known to hold', async () => {
    const known = (pipeline: TestPipeline, ancestors: unknown[]) =>
      pipeline.emit('exec', { 'process.uid': 0, 'process.ancestors.file.name': ancestors })
    await using pipeline = await TestPipeline.of([
      rules({ packs: [root], tune: { root: { unless: 'process.ancestors.file.name == "sshd"' } } }),
    ])
    known(pipeline, ['bash', 'sshd'])
    expect(fired(pipeline)).toEqual([])
    known(pipeline, ['bash'])
    // The lineage is not known to its root.
    known(pipeline, ['bash', UNKNOWN])
    pipeline.emit('exec', { 'process.uid': 0 })
    expect(fired(pipeline)).toEqual(['root', 'root', 'root'])
    // The rule itself is not known to be true.
    pipeline.emit('exec', { 'process.ancestors.file.name': ['bash', UNKNOWN] })
    expect(fired(pipeline)).toHaveLength(3)
  })

  it('judges by every rule where the field of the index is unknown', async () => {
    const either = defineRule({
      id: 'either',
      name: 'Either',
      severity: 'low',
      on: 'exec',
      where: 'exec.file.name == "sh" && process.uid == 0',
      message: 'm',
    })
    await using pipeline = await TestPipeline.of([rules({ packs: [either] })])
    pipeline.emit('exec', { 'process.uid': 0 })
    pipeline.emit('exec', { 'process.uid': 1 })
    expect(pipeline.findings).toEqual([])
    expect(pipeline.runtime.engine.counters.of('exec').undecided).toBe(1)
  })

  it('judges once more when a missing field is there', async () => {
    const late = definePlugin(import.meta, { setup: (ctx) => ctx.fields('exec', { 'process.uid': async () => 0 }) })
    await using pipeline = await TestPipeline.of([late({ name: 'late' }), rules({ packs: [[root, shell]] })])
    pipeline.emit('exec', { 'exec.file.name': 'ls' })
    expect(pipeline.findings).toEqual([])
    await expect.poll(() => fired(pipeline)).toEqual(['root'])
  })

  it('runs `when` only where the condition holds, and a throw there costs no other rule', async () => {
    const seen: unknown[] = []
    const broken: AnyRule = {
      ...root,
      id: 'broken',
      when: () => {
        throw new Error('deliberate')
      },
    } as never
    const picky: AnyRule = { ...root, id: 'picky', when: (event: Event<'exec'>) => seen.push(event.process.uid) > 1 } as never
    await using pipeline = await TestPipeline.of([rules({ packs: [[broken, picky, root]] })])
    pipeline.emit('exec', { 'process.uid': 1 })
    pipeline.emit('exec', { 'process.uid': UNKNOWN })
    pipeline.emit('exec', { 'process.uid': 0 })
    pipeline.emit('exec', { 'process.uid': 0 })
    expect(seen).toEqual([0, 0])
    expect(fired(pipeline)).toEqual(['root', 'picky', 'root'])
    expect(pipeline.faults.map(({ plugin, error }) => [plugin, error.message])).toContainEqual(['rules', 'rule "broken": deliberate'])
  })

  it('takes rules on events of other plugins', async () => {
    const usb = defineEvent('usb', { doc: 'A device', fields: { vendor: int('Vendor') } })
    const source = definePlugin(import.meta, { events: [usb], setup() {} })
    const rule = { id: 'usb', name: 'USB', severity: 'low', on: 'usb', where: { 'usb.vendor': 5 }, message: '{{@usb.vendor}}' } as never
    await using pipeline = await TestPipeline.of([source({ name: 'usb' }), rules({ packs: [rule] })])
    pipeline.emit('usb' as never, { vendor: 5 })
    expect(fired(pipeline)).toEqual(['usb'])
  })
})

describe('tuning', () => {
  it('turns rules off, excepts and changes them', async () => {
    await using pipeline = await TestPipeline.of([
      rules({
        packs: [[shell, root]],
        tune: {
          root: 'off',
          'shell-from-web-server': { unless: [{ 'exec.args': '*certbot*' }, 'process.uid == 7'], severity: 'critical', tags: ['team:web'] },
        },
      }),
    ])
    pipeline.emit('exec', { ...bash, 'exec.args': 'x', 'process.uid': 0 })
    pipeline.emit('exec', { ...bash, 'exec.args': 'run certbot renew' })
    pipeline.emit('exec', { ...bash, 'exec.args': 'x', 'process.uid': 7 })
    expect(pipeline.findings).toMatchObject([
      { rule: 'shell-from-web-server', severity: 'critical', tags: ['mitre:T1505.003', 'team:web'] },
    ])
  })

  it('never costs a rule, and tells of names that there are not', async () => {
    await using pipeline = await TestPipeline.of([rules({ packs: [root], tune: { root: { unless: 'process.nope == 1' }, roott: 'off' } })])
    pipeline.emit('exec', { 'process.uid': 0 })
    expect(fired(pipeline)).toEqual(['root'])
    const warnings = pipeline.logs.filter((log) => log.level === 'warn').map((log) => log.message)
    expect(warnings).toEqual([
      expect.stringContaining('runs unchanged: 1:1: exec has no field or constant "process.nope"'),
      expect.stringContaining('"roott"; did you mean "root"?'),
    ])
  })
})

describe('loading', () => {
  it('loses only what is bad, and says so', async () => {
    const misspelt = { ...root, id: 'misspelt', where: { 'exec.file.nam': 'sh' } } as never
    await using pipeline = await TestPipeline.of([
      rules({ packs: [[misspelt, root, { ...root, name: 'again' }, { id: 'odd', on: 'exec' } as never]] }),
    ])
    pipeline.emit('exec', { 'process.uid': 0 })
    expect(fired(pipeline)).toEqual(['root'])
    const errors = pipeline.logs.filter((log) => log.level === 'error').map((log) => log.message)
    expect(errors).toEqual([
      expect.stringMatching(/packs\[0\]: rule "misspelt": .*did you mean "exec\.file\.name"/),
      expect.stringMatching(/another rule has this id already, in packs\[0\]/),
      expect.stringMatching(/rule "odd": .*`name`.*`severity`.*`message`/),
    ])
    expect(pipeline.runtime.pluginReports()[0]).toMatchObject({ state: 'degraded', detail: '1 rules run; refused: misspelt, root, odd' })
  })

  it('tells what was loaded when all is ready', async () => {
    const told = defineRule({
      id: 'told',
      name: 'Rules were loaded',
      severity: 'info',
      on: 'agent.ruleset_loaded',
      where: { 'agent.ruleset_loaded.loaded': 2, 'agent.ruleset_loaded.rejected': 'bad', 'agent.ruleset_loaded.unfed': 'root' },
      message: 'loaded',
    })
    await using pipeline = await TestPipeline.of([rules({ packs: [[root, told, { ...root, id: 'bad', on: 'exce' } as never]] })])
    await pipeline.start()
    expect(fired(pipeline)).toEqual(['told'])
    expect(pipeline.logs.map((log) => log.message)).toContainEqual('not fed here, so that they cannot fire: rules on "exec" (root)')
  })

  describe('files', () => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'cws-rules-'))
      mkdirSync(join(folder, 'rules'))
      const rule = (id: string) => JSON.stringify({ ...root, id })
      writeFileSync(join(folder, 'rules', 'a.mjs'), `export default ${rule('file-a')}`)
      writeFileSync(
        join(folder, 'rules', 'b.mts'),
        `const on: string = 'exec'\nexport default [{ ...${rule('file-b')}, on }]\nexport const more = ${rule('file-c')}`,
      )
      writeFileSync(join(folder, 'rules', 'broken.mjs'), 'export default {')
      writeFileSync(join(folder, 'rules', 'empty.mjs'), 'export const helper = ["a"]')
      writeFileSync(join(folder, 'rules', 'README.md'), 'words')
      mkdirSync(join(folder, 'node_modules', 'cws-rules-acme'), { recursive: true })
      writeFileSync(
        join(folder, 'node_modules', 'cws-rules-acme', 'package.json'),
        '{"name":"cws-rules-acme","type":"module","exports":"./index.js"}',
      )
      writeFileSync(join(folder, 'node_modules', 'cws-rules-acme', 'index.js'), `export default { name: 'acme', rules: [${rule('acme')}] }`)
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    it('finds rules in files by glob and in packages by name, from the folder of the configuration', async () => {
      await using pipeline = await TestPipeline.of(
        [rules({ packs: ['./rules/*', 'cws-rules-acme', './none/*', 'cws-rules-none', './rules/README.md'] })],
        { folder },
      )
      pipeline.emit('exec', { 'process.uid': 0 })
      expect(fired(pipeline)).toEqual(['file-a', 'file-b', 'file-c', 'acme'])
      const errors = pipeline.logs.filter((log) => log.level === 'error').map((log) => log.message)
      expect(errors).toEqual([
        expect.stringMatching(/^rules\/broken\.mjs: /),
        'rules/empty.mjs: the module exports no rules',
        './none/*: there are no rule files at ./none/* (.ts, .mts, .js, .mjs, .policy, .policy.yaml, .policy.yml)',
        'cws-rules-none: the package "cws-rules-none" is not installed',
        'rules/README.md: this is no kind of file that rules can be in: .ts, .mts, .js, .mjs, .policy, .policy.yaml, .policy.yml',
      ])
    })

    it('says on which line a rule stands that is refused, and that `tune` naming it is no mistake besides', async () => {
      const text = JSON.stringify({ ...root, id: 'unclosed', where: 'process.user == "root' }, null, 2)
      writeFileSync(join(folder, 'wrong.mjs'), `\nexport default ${text}`)
      await using pipeline = await TestPipeline.of([rules({ packs: ['./wrong.mjs'], tune: { unclosed: 'off' } })], { folder })
      expect(pipeline.logs.filter((log) => log.level !== 'info')).toMatchObject([
        {
          level: 'error',
          message: 'wrong.mjs:3: rule "unclosed": 1:17: this text has no closing quote',
        },
      ])
    })

    it('reads files anew in the next composition', async () => {
      const file = join(folder, 'changing.mjs')
      for (const id of ['before', 'after']) {
        writeFileSync(file, `export default ${JSON.stringify({ ...root, id })}`)
        await using pipeline = await TestPipeline.of([rules({ packs: ['./changing.mjs'] })], { folder })
        pipeline.emit('exec', { 'process.uid': 0 })
        expect(fired(pipeline)).toEqual([id])
      }
    })
  })
})
