import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { policyJsonSchema, rules } from '../../src/index.ts'
import { withUnfed } from '../../src/tell.ts'
import { fired, loadText, Sandbox, states, statusOf } from '../policy/sandbox.ts'

const POLICY = `
rules:
  - id: shell_started
    expression: exec.file.name == "sh"
detections:
  - id: many-shells
    name: Many shells
    severity: medium
    kind: threshold
    of: [shell_started]
    by: [user]
    within: 1m
    count: 2
    findings: absorb
    tags: { tactic: TA0002 }
    cases:
      - { when: count >= 3, severity: high }
    message: "{{count}} shells"
suppressions:
  - id: by-root
    rules: [many-shells]
    when: process.uid == 0
    until: 2999-01-01
    reason: root may
`

it('runs detections and suppressions of policy files', async () => {
  using sandbox = new Sandbox({ 'a.policy': POLICY })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
  for (const uid of [0, 0, 0, 7, 7, 7]) pipeline.emit('exec', { 'exec.file.name': 'sh', 'process.uid': uid })
  expect(pipeline.logs.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  expect(fired(pipeline)).toEqual(['many-shells', 'many-shells'])
  expect(pipeline.findings.map(({ severity, tags }) => [severity, tags])).toEqual([
    ['medium', ['tactic:TA0002']],
    ['high', ['tactic:TA0002']],
  ])
  expect(pipeline.runtime.engine.counters.suppressed).toBe(2)
})

it('says where a bad one stands; the others run', async () => {
  const loaded = await loadText(POLICY.replace('of: [shell_started]', 'of: [shell_startet]').replace('until: 2999-01-01', 'until: soon'))
  expect(states(loaded)).toEqual({ shell_started: 'loaded', 'many-shells': 'rejected', 'by-root': 'rejected' })
  expect(statusOf(loaded, 'many-shells')).toMatchObject({
    line: 6,
    column: 5,
    errors: [{ line: 6, message: 'detection "many-shells": there is no rule "shell_startet"; did you mean "shell_started"?' }],
  })
  expect(statusOf(loaded, 'by-root').errors).toMatchObject([{ message: expect.stringContaining('`until` must be a time') }])
})

it('takes a policy that has detections alone, and items that are none', async () => {
  const loaded = await loadText('detections: [5, null, { id: x }]\nsuppressions: [[], {}]')
  expect(loaded.report.rules.map(({ id, state }) => [id, state])).toEqual([
    ['a.policy#detections.0', 'rejected'],
    ['a.policy#detections.1', 'rejected'],
    ['x', 'rejected'],
    ['a.policy#suppressions.0', 'rejected'],
    ['a.policy#suppressions.1', 'rejected'],
  ])
  expect(loaded.report.policies).toMatchObject([{ state: 'fully_rejected' }])
})

it('is in the JSON Schema of policies', () => {
  const { properties } = policyJsonSchema() as { properties: Record<string, { anyOf?: { items?: { oneOf?: unknown[] } }[] }> }
  expect(properties['detections']?.anyOf?.[0]?.items?.oneOf).toHaveLength(3)
  expect(properties['suppressions']).toBeDefined()
})

it('looks at what silent rules find, and does not tell it', async () => {
  using sandbox = new Sandbox({
    'a.policy': POLICY.replace('- id: shell_started', '- id: shell_started\n    silent: true').replace('    findings: absorb\n', ''),
  })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
  for (const uid of [7, 7]) pipeline.emit('exec', { 'exec.file.name': 'sh', 'process.uid': uid })
  expect(fired(pipeline)).toEqual(['many-shells'])
})

it('looks at what silent rules find that act', async () => {
  const acting = 'silent: true\n    actions: [{ set: { name: seen, value: true } }]'
  using sandbox = new Sandbox({
    'a.policy': POLICY.replace('- id: shell_started', `- id: shell_started\n    ${acting}`).replace('    findings: absorb\n', ''),
  })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
  for (const uid of [7, 7]) pipeline.emit('exec', { 'exec.file.name': 'sh', 'process.uid': uid })
  expect(fired(pipeline)).toEqual(['many-shells'])
})

it('counts what limits hold back', async () => {
  using sandbox = new Sandbox({
    'a.policy': POLICY.replace('- id: shell_started', '- id: shell_started\n    every: 1h').replace('    findings: absorb\n', ''),
  })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
  for (const uid of [7, 7, 7]) pipeline.emit('exec', { 'exec.file.name': 'sh', 'process.uid': uid })
  expect(fired(pipeline)).toEqual(['shell_started', 'many-shells', 'many-shells'])
})

it('looks at writes, which are events of several types', async () => {
  using sandbox = new Sandbox({
    'a.policy': `
rules:
  - { id: written, expression: fim.write.file.path == "/etc/a" }
detections:
  - { id: twice, name: Twice, severity: low, kind: threshold, of: [written], by: [], count: 2, within: 1m, message: "{{count}}" }
`,
  })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: sandbox.folder })
  expect(pipeline.logs.filter(({ level }) => level === 'error')).toEqual([])
  for (const _ of [1, 2]) pipeline.emit('change', { 'change.file.path': '/etc/a', 'change.path': '/etc/a', 'change.kind': 'modified' })
  expect(fired(pipeline)).toEqual(['written', 'written', 'twice'])
})

it('is unfed where one of its steps is', async () => {
  const loaded = await loadText(`
rules:
  - { id: run, expression: exec.file.name == "sh" }
  - { id: opened, expression: open.file.path == "/etc/shadow" }
detections:
  - { id: both, name: Both, severity: low, kind: sequence, steps: [run, opened], within: 1m, message: m }
  - { id: either, name: Either, severity: low, kind: threshold, of: [run, opened], count: 2, within: 1m, message: m }
`)
  const told = withUnfed(loaded, (type) => type === 'exec').rules.map(({ id, state, needs }) => [id, state, needs])
  expect(told).toEqual([
    ['run', 'loaded', undefined],
    ['opened', 'unfed', ['open']],
    ['both', 'unfed', ['open']],
    ['either', 'loaded', undefined],
  ])
})
