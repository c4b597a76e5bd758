import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { answer } from '../src/evaluate/answer.ts'
import { standardModel } from '../src/evaluate/standard-model.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/rule-language.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text as string)
const base = JSON.parse(blocks('json')[0] as string) as Record<string, unknown>
/** `EXPRESSION # OUTCOME FIELDS` */
const EXAMPLE = /^(.*\S)\s+# (true|false|unknown|error \d+:\d+)\s*(\{.*\})?$/
const examples = blocks('secl').flatMap((block) => block.trimEnd().split('\n'))

test('the page has examples of all kinds', () => {
  expect(examples.length).toBeGreaterThan(70)
})

test.each(examples)('%s', (line) => {
  const [, expr, outcome, other = '{}'] = EXAMPLE.exec(line) ?? []
  expect(expr, 'an example is an expression, # and its outcome').toBeDefined()
  const fields = JSON.parse(other) as Record<string, unknown>
  const own = Object.keys(fields).some((name) => /^(?:connect|dns)\./.test(name))
  // Fields of an exec are of no other event.
  const given = Object.entries({ ...base, ...fields }).filter(([name]) => !own || !name.startsWith('exec.'))
  const result = answer({ expr: expr as string, fields: Object.fromEntries(given), variables: {}, macros: [] }, standardModel)
  const told = 'error' in result ? `error ${result.error.line}:${result.error.column}` : String(result.result ?? 'unknown')
  expect(told, 'error' in result ? result.error.message : undefined).toBe(outcome)
})
