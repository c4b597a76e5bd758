import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-rules-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function cws(args: readonly string[], input = '') {
  const main = join(import.meta.dirname, '../src/main.ts')
  const env = { PATH: process.env['PATH'], HOME: folder, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') }
  return spawnSync(process.execPath, ['--conditions=cws-source', main, ...args], { cwd: folder, env, input, encoding: 'utf8' })
}
const rule = (id: string, fires: object, silent: object) =>
  `import { defineRule } from '@cws/agent'
export default defineRule({
  id: '${id}', name: 'A test', severity: 'low', on: 'exec', where: { 'exec.file.name': 'evil' }, message: 'It ran.',
  tests: { fires: [${JSON.stringify(fires)}], silent: [${JSON.stringify(silent)}] },
})
`
const EVIL = { 'exec.file.name': 'evil' }
const GOOD = { 'exec.file.name': 'good' }

describe('cws rules', { timeout: 60_000 }, () => {
  test('eval answers each line, and goes on after what is wrong', () => {
    const questions = [
      '{"expr": "exec.file.name == \\"sh\\"", "fields": {"exec.file.name": "sh"}}',
      '{"expr": "exec.file.name == \\"sh\\"", "fields": {"exec.file.name": "ls"}}',
      'nonsense',
      '',
      '{"expr": "exec.file.name == \\"sh\\""}',
      '{"expr": "exec.file.name = 5"}',
    ]
    const { stdout, stderr, status } = cws(['rules', 'eval'], questions.join('\n'))
    expect([status, stderr]).toEqual([0, ''])
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    const message = expect.any(String)
    expect(answers).toEqual([
      { result: true },
      { result: false },
      { error: { line: 1, column: 1, message } },
      { result: null },
      { error: { line: 1, column: 16, message } },
    ])
  })

  test('list tells the rules of the preset', () => {
    const rules = JSON.parse(cws(['rules', 'list', '--format', 'json']).stdout) as { id: string; state: string }[]
    expect(rules.length).toBeGreaterThan(40)
    expect(rules).toContainEqual(expect.objectContaining({ id: 'shell-from-web-server', state: 'loaded', on: 'exec' }))
  })

  test('test runs the cases of files, and says which fail', () => {
    const good = join(folder, 'good.ts')
    const bad = join(folder, 'bad.ts')
    writeFileSync(good, rule('good', EVIL, GOOD), { mode: 0o600 })
    writeFileSync(bad, rule('bad', GOOD, GOOD), { mode: 0o600 })
    expect(cws(['rules', 'test', good])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^ok good 2 cases\n1 rules, 2 cases, 0 failed/),
    })
    const { status, stdout } = cws(['rules', 'test', good, bad, '--format', 'json'])
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      rules: [
        { id: 'good', problems: [] },
        { id: 'bad', problems: [expect.stringContaining('does not fire'), expect.any(String)] },
      ],
    })
  })
})
