import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseCondition } from '../../src/condition/parse.ts'
import { helpers } from '../../src/messages/language/helpers.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { templateProblems } from '../../src/messages/template-problems.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'

const scope = signalScope()
const page = readFileSync(join(import.meta.dirname, '../../../docs/templates.md'), 'utf8')
const examples = [...page.matchAll(/```handlebars\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  (match) => [match[1] as string, match[2] as string] as const,
)

it.each(examples)('the page says what becomes of %j', (template, text) => {
  const compiled = compileTemplate(template, scope)
  expect(`${renderPlain(compiled.render(shellSignal, opened))}\n`).toBe(text)
  expect(templateProblems(compiled)).toEqual([])
})

it('the page has its examples, and that in YAML is right', () => {
  expect(examples).toHaveLength(5)
  parseCondition(/when: (.*)/.exec(page)?.[1] as string, scope)
  const yaml = /message: \|\n(.*?)```/s.exec(page)?.[1] as string
  const compiled = compileTemplate(yaml.replace(/^ {6}/gm, ''), scope)
  expect(templateProblems(compiled)).toEqual([])
  expect(renderPlain(compiled.render({ ...shellSignal, severity: 'critical' }, opened))).toContain(
    'A web server started a shell on web-1, 12 times since 2026-11-30T04:00:00+01:00.\n\n/bin/sh -c id was started by nginx.\n',
  )
})

it('every helper is used as it says', () => {
  for (const { usage } of Object.values(helpers)) expect(() => compileTemplate(usage, scope)).not.toThrow()
})
