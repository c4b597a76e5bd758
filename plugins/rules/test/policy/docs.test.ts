import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { policyJsonSchema, problemsOfCases, rules } from '../../src/index.ts'
import { fired, loadText, Sandbox } from './sandbox.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/policies.md'), 'utf8')
const [example = ''] = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] as string)

it('the example of the documents loads without a warning, and its cases hold', async () => {
  const { report, policyRules } = await loadText(example)
  expect(report.rules.map(({ id, state, errors, warnings }) => ({ id, state, errors, warnings }))).toEqual(
    ['upload_made', 'upload_executed', 'shell_of_web_server'].map((id) => ({ id, state: 'loaded', errors: [], warnings: [] })),
  )
  expect(report.policies).toMatchObject([{ state: 'loaded', errors: [], warnings: [] }])
  expect(policyRules.flatMap(({ cases }) => [...cases.fires, ...cases.silent])).toHaveLength(2)
  expect(policyRules.flatMap(problemsOfCases)).toEqual([])
})

it('the example of the documents does what it says', async () => {
  using sandbox = new Sandbox({ 'shop.policy': example })
  await using pipeline = await TestPipeline.of([rules({ packs: ['./*.policy'] })], { folder: sandbox.folder })
  const path = '/srv/shop/uploads/x'
  pipeline.emit('exec', { 'exec.file.path': path, 'exec.file.name': 'x' })
  pipeline.emit('change', { 'change.file.path': path, 'change.kind': 'created', 'process.file.name': 'nginx' })
  pipeline.emit('exec', { 'exec.file.path': path, 'exec.file.name': 'x' })
  expect(fired(pipeline)).toEqual(['upload_executed'])
  expect(pipeline.faults).toEqual([])
})

it('cases that do not hold are told', async () => {
  const cases = 'tests: {fires: [{exec.comm: b}, {process.uid: 0}], silent: [{exec.comm: a}]}'
  const { policyRules } = await loadText(`rules:\n  - {id: r, expression: exec.comm == "a", ${cases}}\n`)
  expect(policyRules.flatMap(problemsOfCases)).toEqual([
    'tests.fires[0] does not fire',
    'tests.fires[1] is UNKNOWN: it does not say enough',
    'tests.silent[0] fires',
  ])
})

it('cases may speak of `fim.write`, and of variables as they are at first', async () => {
  const { policyRules } = await loadText(`
rules:
  - id: r
    expression: fim.write.file.path == "/x" && !\${v}
    tests: {fires: [{fim.write.file.path: /x}], silent: [{fim.write.file.path: /y}]}
    actions: [{set: {name: v, value: true}}]
`)
  expect(policyRules.length).toBeGreaterThan(1)
  expect(policyRules.flatMap(problemsOfCases)).toEqual([])
})

it('the JSON Schema has every key, each described', () => {
  const { properties } = policyJsonSchema() as { properties: Record<string, { description?: string }> }
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(['version', 'type', 'replace_policy_id', 'macros', 'rules']))
  const schema = JSON.stringify(policyJsonSchema())
  const keys =
    'id version expression description tags product_tags agent_version filters disabled combine override_options actions every limiter_token silent group_id priority'
  for (const key of keys.split(' ')) expect(schema).toContain(`"${key}":{`)
})
