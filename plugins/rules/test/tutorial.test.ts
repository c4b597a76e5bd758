import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decidersOf, decisionOf } from '@cws/core'
import { RuleTester } from '@cws/core/testing'
import { afterAll, expect, test } from 'vitest'
import { answerLine } from '../src/evaluate/answer.ts'
import { standardModel } from '../src/evaluate/standard-model.ts'
import { eventOfJson } from '../src/explain/event-of-json.ts'
import { loadRules } from '../src/load-rules.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/tutorial-rule.md'), 'utf8')
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] as string
const folder = mkdtempSync(join(tmpdir(), 'cws-tutorial-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the question of the tutorial is answered as it says', () => {
  const [, question] = /^echo '(\{.*?\})' \| tr -d '\\n' \| cws rules eval/ms.exec(page) ?? []
  expect(answerLine((question as string).replaceAll('\n', ''), standardModel)).toEqual({ result: true })
})

test('its policy loads, its cases pass, and its event fires', async () => {
  const file = join(folder, 'database.policy')
  writeFileSync(file, block('yaml'))
  const { rules, report } = await loadRules([file])
  expect(report.rules.map(({ id, state, warnings }) => [id, state, warnings])).toEqual([['download_from_database', 'loaded', []]])
  const [rule] = rules
  expect(new RuleTester().problemsOf(rule!)).toEqual([])
  const event = eventOfJson(JSON.parse(block('json')) as Record<string, unknown>, standardModel.get('exec'))
  const decision = decisionOf(rule!.condition, event)
  expect([decision.truth, decidersOf(decision).length]).toEqual([true, 2])
})
