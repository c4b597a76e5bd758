import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { loadRules, rules } from '../../src/index.ts'
import { fired, loadText, loadTexts, Sandbox, states, statusOf } from './sandbox.ts'

const two = `
version: 1.10
rules:
  - id: shell_in_tmp
    description: A shell was started from a temporary folder. It is seldom meant.
    expression: exec.file.name in ["sh", "bash"] && exec.file.path =~ "/tmp/**"
    tags: { team: web, level: 9 }
    product_tags: ["tactic:TA0002-execution", "technique:T1059-command-and-scripting-interpreter"]
  - id: root_exec
    name: Root started a program
    severity: low
    message: "Root ran \`{{@exec.file.path}}\`"
    advice: Ask who did it.
    group_by: [exec.file.path]
    expression: |
      exec.file.path != "" &&
        process.uid == 0
`

describe('a policy file', () => {
  it('loads, fires with what the rule says, and is tuned', async () => {
    using sandbox = new Sandbox({ 'web.policy': two })
    const packs = ['./*.policy']
    await using pipeline = await TestPipeline.of(
      [rules({ packs, tune: { root_exec: { severity: 'high', unless: 'exec.file.name == "cron"' } } })],
      { folder: sandbox.folder },
    )
    pipeline.emit('exec', { 'exec.file.name': 'sh', 'exec.file.path': '/tmp/x/sh', 'process.uid': 7 })
    pipeline.emit('exec', { 'exec.file.name': 'ls', 'exec.file.path': '/bin/ls', 'process.uid': 0 })
    pipeline.emit('exec', { 'exec.file.name': 'cron', 'exec.file.path': '/sbin/cron', 'process.uid': 0 })
    expect(pipeline.findings).toMatchObject([
      {
        rule: 'shell_in_tmp',
        severity: 'medium',
        name: 'A shell was started from a temporary folder',
        message: 'A shell was started from a temporary folder. It is seldom meant.',
        tags: ['team:web', 'level:9', 'tactic:TA0002-execution', 'technique:T1059-command-and-scripting-interpreter', 'mitre:T1059'],
      },
      {
        rule: 'root_exec',
        severity: 'high',
        name: 'Root started a program',
        message: 'Root ran `{{@exec.file.path}}`',
        advice: 'Ask who did it.',
        groupBy: ['exec.file.path'],
      },
    ])
    expect(pipeline.faults).toEqual([])
    expect(pipeline.logs.filter(({ level }) => level !== 'info')).toEqual([])

    await using off = await TestPipeline.of([rules({ packs, tune: { root_exec: 'off' } })], { folder: sandbox.folder })
    off.emit('exec', { 'exec.file.name': 'ls', 'exec.file.path': '/bin/ls', 'process.uid': 0 })
    expect(fired(off)).toEqual([])
  })

  it('is reported, rule by rule', async () => {
    const loaded = await loadText(two, { tune: { root_exec: 'off' } })
    expect(loaded.report).toMatchObject({
      rules: [
        { id: 'shell_in_tmp', state: 'loaded', origin: 'a.policy', line: 4, column: 5, on: ['exec'], severity: 'medium', errors: [] },
        { id: 'root_exec', state: 'disabled', line: 9 },
      ],
      policies: [{ file: 'a.policy', version: '1.10', state: 'loaded', errors: [], warnings: [] }],
      failed: [],
      warnings: [],
    })
  })

  it('tells the agent what became of it', async () => {
    using sandbox = new Sandbox({ 'a.policy': `${two}  - {id: bad, expression: exec.file.nam == "x"}\n`, 'b.policy': 'rules: [' })
    await using pipeline = await TestPipeline.of([rules({ packs: ['./*'] })], { folder: sandbox.folder })
    const told: unknown[] = []
    pipeline.runtime.engine.hooks
      .facadeFor('test')
      .detect.for('agent.ruleset_loaded')
      .tap((event) => told.push(JSON.parse(JSON.stringify(event)).agent.ruleset_loaded))
    await pipeline.start()
    expect(told).toEqual([
      {
        loaded: 2,
        rejected: ['b.policy', 'bad'],
        unfed: ['shell_in_tmp', 'root_exec'],
        filtered: [],
        disabled: [],
        policies: ['a.policy: partially_loaded', 'b.policy: error'],
      },
    ])
    expect(pipeline.logs.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^b\.policy:\d+:\d+: not valid YAML: /),
      expect.stringMatching(/^a\.policy:18:27: rule "bad": .*did you mean "exec\.file\.name"\?$/),
    ])
    expect(pipeline.runtime.pluginReports()[0]).toMatchObject({ state: 'degraded', detail: '2 rules run; refused: b.policy, bad' })
  })
})

describe('what is wrong', () => {
  it('loses only the rule, and all problems are told at once', async () => {
    const loaded = await loadText(`
rules:
  - id: "no spaces"
    expression: exec.comm == "a"
  - expression: exec.comm == "a"
  - id: none
  - id: no_event
    expression: process.uid == 0
  - id: two_events
    expression: exec.comm == "a" && exit.code == 1
  - id: good
    expression: exec.comm == "a"
  - just text
  - id: shape
    every: often
    priority: high
    severity: terrible
    expression: exec.comm == "a"
`)
    expect(states(loaded)).toEqual({
      'no spaces': 'rejected',
      'a.policy#rules.1': 'rejected',
      none: 'rejected',
      no_event: 'rejected',
      two_events: 'rejected',
      good: 'loaded',
      'a.policy#rules.6': 'rejected',
      shape: 'rejected',
    })
    const errors = (id: string) => statusOf(loaded, id).errors.map(({ line, column, message }) => `${line}:${column} ${message}`)
    expect(errors('no spaces')).toEqual(['3:9 `id`: letters, digits, `_` and `-` make an id'])
    expect(errors('a.policy#rules.1')).toEqual(['5:5 `id`: there is no id'])
    expect(errors('none')).toEqual(['6:5 there is no `expression`'])
    expect(errors('no_event')[0]).toMatch(/^8:17 no event/)
    expect(errors('two_events')[0]).toMatch(/^10:17 more than one event: .*exec, exit/)
    expect(errors('shape')).toHaveLength(3)
    expect(errors('shape')[0]).toMatch(/^15:12 `every`: a duration is written like/)
    expect(loaded.report.policies).toMatchObject([{ state: 'partially_loaded' }])
  })

  it('is found at its place in the file, in every style of YAML', async () => {
    const loaded = await loadText(`
rules:
  - id: plain
    expression: exec.comm == "a" && exec.nope == 1
  - id: literal
    expression: |-
      exec.comm == "a"
        && exec.nope == 1
  - id: folded
    expression: >
      exec.comm == "a"
      && exec.nope == 1
  - id: double
    expression: "exec.comm == \\"a\\" && exec.nope == 1"
  - id: single
    expression: 'exec.comm != "it''s" && exec.nope == 1'
  - id: lines
    expression: exec.comm == "a"
      && exec.nope
      == 1
  - {id: flow, expression: exec.nope == 1}
  - id: broken
    expression: "exec.comm == \\
      \\"a\\" && exec.nope == 1"
`)
    const places = Object.fromEntries(
      loaded.report.rules.map(({ id, errors }) => [id, errors.map(({ line, column }) => `${line}:${column}`).join()]),
    )
    expect(places).toEqual({
      plain: '4:37',
      literal: '8:12',
      folded: '12:10',
      double: '14:40',
      single: '16:42',
      lines: '19:10',
      flow: '21:28',
      broken: '24:16',
    })
    expect(statusOf(loaded, 'literal').errors[0]?.frame).toBe(
      [
        '   6 |     expression: |-',
        '   7 |       exec.comm == "a"',
        '>  8 |         && exec.nope == 1',
        '     |            ^',
        '   9 |   - id: folded',
        '  10 |     expression: >',
      ].join('\n'),
    )
  })

  it('is a warning where it is a key that nobody knows', async () => {
    const loaded = await loadText(`
version: "1"
rulez: []
rules:
  - id: a
    expresion: x
    expression: exec.comm == "a"
    override_options: { field: [all] }
`)
    expect(states(loaded)).toEqual({ a: 'loaded' })
    expect(loaded.report.policies[0]?.warnings).toMatchObject([
      { line: 3, column: 1, message: 'there is no key `rulez`; did you mean `rules`?' },
    ])
    expect(statusOf(loaded, 'a').warnings).toMatchObject([
      { line: 6, column: 5, message: 'there is no key `expresion`; did you mean `expression`?' },
      { line: 8, column: 25, message: 'there is no key `field`; did you mean `fields`?' },
    ])
  })

  it('loses only the file where the file is none', async () => {
    const loaded = await loadTexts({
      'a.policy': 'rules:\n  - id: a\n    expression: exec.comm == "a"\n',
      'b.policy': '- a\n- b\n',
      'c.policy': '',
      'd.policy': 'rules: {id: a}\n',
      'e.policy': 'rules:\n  - id: x\n    id: y\n',
    })
    expect(states(loaded)).toEqual({ a: 'loaded' })
    expect(loaded.report.policies.map(({ file, state }) => `${file} ${state}`)).toEqual([
      'a.policy loaded',
      'b.policy error',
      'c.policy error',
      'd.policy error',
      'e.policy error',
    ])
  })
})

describe('bounds', () => {
  it('refuses more than 4 MiB in a file, and goes on', async () => {
    const rule = (i: number) => `  - {id: r${i}, expression: exec.comm == "${'x'.repeat(1000)}"}\n`
    const big = `rules:\n${Array.from({ length: 5000 }, (_, i) => rule(i)).join('')}`
    const loaded = await loadTexts({ 'big.policy': big, 'a.policy': `rules:\n${rule(1)}` })
    expect(loaded.report.failed).toMatchObject([{ origin: 'big.policy', problem: { message: expect.stringContaining('larger than') } }])
    expect(states(loaded)).toEqual({ r1: 'loaded' })
  })

  it('refuses more than 8 MiB of policies together, and goes on', async () => {
    const big = `rules:\n  - {id: ID, expression: exec.comm == "a"}\n#${'x'.repeat(3_500_000)}\n`
    const texts = ['a', 'b', 'c'].map((id) => [`${id}.policy`, big.replace('ID', id)])
    const loaded = await loadTexts(Object.fromEntries(texts))
    expect(states(loaded)).toEqual({ a: 'loaded', b: 'loaded' })
    expect(loaded.report.policies.find(({ file }) => file === 'c.policy')?.errors).toMatchObject([
      { message: expect.stringContaining('all policies together') },
    ])
  })

  it('refuses documents that unfold without end, and nest without end', async () => {
    const laughs = ['l0: &l0 [a, a, a, a, a, a, a, a, a]']
    for (let i = 1; i < 12; i++) laughs.push(`l${i}: &l${i} [${Array.from({ length: 9 }, () => `*l${i - 1}`).join(', ')}]`)
    const loaded = await loadTexts({
      'laughs.policy': `${laughs.join('\n')}\nrules: []\n`,
      'self.policy': 'rules: &r [ *r ]\n',
      'deep.policy': `rules: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`,
    })
    expect(loaded.report.policies.map(({ state }) => state)).toEqual(['error', 'error', 'error'])
  })

  it('takes anchors and aliases that are used as they are meant', async () => {
    const loaded = await loadText(`
rules:
  - id: a
    expression: exec.comm == "a"
    tags: &t { team: web }
  - id: b
    expression: exec.comm == "b"
    tags: *t
`)
    expect(loaded.policyRules.map(({ finding }) => finding.tags)).toEqual([['team:web'], ['team:web']])
  })
})

it('a link that leads nowhere costs only itself, and is told', async () => {
  using sandbox = new Sandbox({ 'a.policy': two })
  symlinkSync('nowhere', join(sandbox.folder, 'b.policy'))
  symlinkSync('c.policy', join(sandbox.folder, 'c.policy'))
  const loaded = await loadRules(['./*.policy'], { folder: sandbox.folder })
  expect(states(loaded)).toMatchObject({ shell_in_tmp: 'loaded', root_exec: 'loaded' })
  expect(loaded.report.failed.map(({ origin }) => origin)).toEqual(['b.policy', 'c.policy'])
})

it('macros that use each other without end lose themselves, and no other rule', async () => {
  const macros = Array.from({ length: 3000 }, (_, i) => `  - {id: m${i}, expression: ${i < 2999 ? `m${i + 1}` : 'process.uid == 1'}}`)
  const loaded = await loadText(
    `macros:\n${macros.join('\n')}\nrules:\n  - {id: deep, expression: exec.comm == "x" && m0}\n  - {id: other, expression: exec.comm == "x"}\n`,
  )
  expect(states(loaded)).toEqual({ deep: 'rejected', other: 'loaded' })
})
