import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '@cws/core/cli'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { host } from '../src/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-rules-'))
})
afterEach(() => {
  process.exitCode = 0
  rmSync(folder, { recursive: true, force: true })
})

/** The command line as a process. */
function cwsProcess(args: readonly string[], input = '') {
  const file = join(import.meta.dirname, '../src/main.ts')
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, HOME: folder, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') }
  return spawnSync(process.execPath, ['--conditions=cws-source', file, ...args], { cwd: folder, env, input, encoding: 'utf8' })
}

/** The same in this process, which is quicker. */
async function cws(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text
      return true
    }),
  )
  spies.push(vi.spyOn(process, 'cwd').mockReturnValue(folder) as never)
  for (const [name, value] of Object.entries({ NO_COLOR: '1', XDG_CONFIG_HOME: folder, CWS_STATE_DIR: folder, CWS_RUN_DIR: folder }))
    vi.stubEnv(name, value)
  process.exitCode = 0
  try {
    const commands = { rules: { summary: 'rules', load: () => import('@cws/plugin-rules/commands') } }
    const preset = async () => ({ plugins: host() })
    await main({ version: '0', installation: import.meta.url, preset, starter: '', commands }, ['node', 'cws', ...args])
    return { status: process.exitCode, ...written }
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
  }
}

const write = (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
const policy = (fires: string, silent: string) => `rules:
  - id: evil_ran
    expression: exec.file.name == "evil" && process.uid == 0
    tests:
      fires: [${fires}]
      silent: [${silent}]
`
const EVIL = '{ exec.file.name: evil, process.uid: 0 }'
const GOOD = '{ exec.file.name: good, process.uid: 0 }'

describe('cws rules', { timeout: 60_000 }, () => {
  test('eval answers each line, and goes on after what is wrong', () => {
    const questions = [
      '{"expr": "exec.file.name == \\"sh\\"", "fields": {"exec.file.name": "sh"}}',
      '{"expr": "exec.file.name == \\"sh\\"", "fields": {"exec.file.name": "ls"}}',
      'nonsense',
      '',
      '{"expr": "exec.file.name == \\"sh\\""}',
      '{"expr": "exec.file.name = 5"}',
      '{"expr": "process.uid in ${seen} && is_sh", "variables": {"seen": [0]}, "macros": [{"id": "is_sh", "expression": "exec.file.name == \\"sh\\""}], "fields": {"process.uid": 0, "exec.file.name": "sh"}}',
    ]
    const { stdout, stderr, status } = cwsProcess(['rules', 'eval'], questions.join('\n'))
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
      { result: true },
    ])
  })

  test('test runs the cases of a module of rules', () => {
    const module = `import { defineRule } from '@cws/agent'
export default defineRule({
  id: 'good', name: 'A test', severity: 'low', on: 'exec', where: { 'exec.file.name': 'evil' }, message: 'It ran.',
  tests: { fires: [{ 'exec.file.name': 'evil' }], silent: [{ 'exec.file.name': 'good' }] },
})
`
    expect(cwsProcess(['rules', 'test', write('good.ts', module)])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^ok good 2 cases\n1 rule, 2 cases, 0 failed/),
    })
  })

  test('test says of policies which cases fail', async () => {
    expect(await cws('rules', 'test', write('good.policy', policy(EVIL, GOOD)))).toMatchObject({ status: 0 })
    const { status, stdout } = await cws('rules', 'test', write('bad.policy', policy(GOOD, '{ exec.file.name: evil }')))
    expect(status).toBe(1)
    expect(stdout).toMatch(/^failed evil_ran bad\.policy\n +tests\.fires\[0\] does not fire[^\n]*exec\.file\.name/)
    expect(stdout).toMatch(/tests\.silent\[0\] is UNKNOWN/)
  })

  test('test takes cases of writes, and variables as they are at first', async () => {
    const cases = 'tests: {fires: [{fim.write.file.path: /x}], silent: [{fim.write.file.path: /y}]}'
    const rule = `{id: r, expression: 'fim.write.file.path == "/x" && !\${v}', ${cases}, actions: [{set: {name: v, value: true}}]}`
    const { status, stdout } = await cws('rules', 'test', write('writes.policy', `rules: [${rule}]`))
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ok r 2 cases/) })
  })

  test('list tells the rules of the preset', async () => {
    const rules = JSON.parse((await cws('rules', 'list', '--format', 'json')).stdout) as { id: string; state: string }[]
    expect(rules.length).toBeGreaterThan(40)
    expect(rules).toContainEqual(expect.objectContaining({ id: 'shell-from-web-server', state: 'loaded', on: ['exec'] }))
    expect((await cws('rules', 'list', 'web-server')).stdout).toMatch(/^loaded +shell-from-web-server/m)
  })

  test('check tells every problem at once, each with its place', async () => {
    const text = `rules:
  - id: right
    expression: exec.file.name == "evil"
  - id: wrong
    expression: exec.file.name == 5 && process.uid == 0
  - id: mixed
    expression: exec.file.name == "a" || exec.comm == "b" && exec.uid == 0
  - id: unfed
    expression: dns.question.name == "evil.example"
`
    const { status, stdout } = await cws('rules', 'check', write('mine.policy', text), '--format', 'json')
    expect(status).toBe(1)
    const { rules } = JSON.parse(stdout) as { rules: readonly Record<string, unknown>[] }
    expect(rules.map(({ id, line, state }) => [id, line, state])).toEqual([
      ['right', 2, 'loaded'],
      ['wrong', 4, 'rejected'],
      ['mixed', 6, 'loaded'],
      ['unfed', 8, 'unfed'],
    ])
    expect(rules[1]).toMatchObject({
      file: 'mine.policy',
      errors: [{ line: 5, column: 35, message: expect.stringContaining('text was expected') }],
    })
    expect(rules[3]).toMatchObject({ needs: ['dns'], feeders: { dns: 'no sensor of this version does' } })
    const file = write('mine.policy', text.replace(/ {2}- id: wrong\n.*\n/, ''))
    expect((await cws('rules', 'check', file)).status).toBe(0)
    const strict = await cws('rules', 'check', file, '--strict')
    expect(strict).toMatchObject({ status: 1, stdout: expect.stringContaining('add parentheses') })
  })

  test('check says which sensor would feed what nothing feeds', async () => {
    const config = write('cws.config.json', JSON.stringify({ plugins: ['process-exec', { rules: { packs: ['./mine.policy'] } }] }))
    const file = write(
      'mine.policy',
      `rules:
  - {id: changed, expression: change.path == "/etc/x"}
  - {id: written, expression: open.file.path == "/etc/x" && open.flags & O_CREAT > 0}
`,
    )
    const feeders = async (...args: string[]) => {
      const { stdout } = await cws('rules', 'check', file, '--format', 'json', ...args)
      return (JSON.parse(stdout) as { rules: readonly Record<string, unknown>[] }).rules.map(({ feeders }) => feeders ?? null)
    }
    const left = (name: string) => expect.stringMatching(new RegExp(`^the sensor "${name}" of fim \\(.*fanotify.*\\) would, which this`))
    const lacking = expect.stringMatching(/^no sensor of this version does: the sensor "opens" of fim \(.*\) sees open without it$/)
    expect(await feeders('--config', config)).toEqual([{ change: left('files') }, { open: left('opens') }])
    expect(await feeders()).toEqual([null, { 'open.flags': lacking }])
    expect((await cws('rules', 'check', file)).stdout).toMatch(/^unfed written nothing here feeds open\.flags: no sensor of this version/m)
  })

  test('explain says which part of a condition decided, with the values', async () => {
    const file = write('evil.policy', policy(EVIL, GOOD))
    const explain = (event: object, ...args: string[]) =>
      cws('rules', 'explain', '--file', file, 'evil_ran', write('event.json', JSON.stringify(event)), ...args)
    const found = await explain({ 'exec.file.name': 'evil', 'process.uid': 0 })
    expect(found.stdout).toMatch(/^evil_ran fires\n▸ true .*\n▸ true +exec\.file\.name == "evil"\n +exec\.file\.name = "evil"\n/)
    expect((await explain({ 'exec.file.name': 'good', 'process.uid': 0 })).stdout).toMatch(
      /^evil_ran does not fire\n▸ false .*\n▸ false .*\n.*\n {2}true +process/,
    )
    expect((await explain({ 'process.uid': 0 })).stdout).toContain('What nobody knows decides: exec.file.name')
    const nested = { exec: { file: { name: 'evil' } }, process: { uid: 0 } }
    expect(JSON.parse((await explain(nested, '--format', 'json')).stdout)).toMatchObject({
      fires: true,
      decision: { truth: true, of: [{ decides: true, values: { 'exec.file.name': 'evil' } }, { decides: true }] },
    })
    expect(await explain({ 'exec.file.nam': 'x' })).toMatchObject({ status: 2, stderr: expect.stringContaining('exec.file.nam') })
  })

  test('explain asks the function of a rule, and says what it read', async () => {
    const explain = (event: object, ...args: string[]) =>
      cws('rules', 'explain', 'pam-changed', write('event.json', JSON.stringify(event)), ...args)
    const change = { 'change.kind': 'modified', 'change.path': '/etc/pam.d/sshd', 'process.package_manager': '' }
    expect((await explain(change)).stdout).toMatch(
      /^pam-changed fires\n[\s\S]*\n▸ true +when: a function[^\n]*\n[\s\S]*process\.package_manager = ""\n/,
    )
    const packaged = { ...change, 'process.package_manager': 'dpkg' }
    expect((await explain(packaged)).stdout).toMatch(/^pam-changed does not fire\n▸ true [\s\S]*\n▸ false +when: a function/)
    expect(JSON.parse((await explain(packaged, '--format', 'json')).stdout)).toMatchObject({
      fires: false,
      decision: { truth: true },
      when: { truth: false, values: { 'process.package_manager': 'dpkg', 'process.file.path': null } },
    })
    // It is not asked where its condition does not hold.
    expect((await explain({ ...change, 'change.path': '/etc/x' })).stdout).not.toContain('when:')
    expect(await cws('rules', 'explain', 'break-in-used', write('event.json', '{}'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is a detection'),
    })
  })

  test('simulate says which rules can be tried, and needs an agent for it', async () => {
    expect((await cws('rules', 'simulate', '--list', 'hidden-executable', 'preload-changed')).stdout).toMatch(
      /^can be tried +hidden-executable\nrefused +preload-changed +it would do harm: .*ld\.so\.preload\n1 can be tried, 1 refused\n$/,
    )
    expect(await cws('rules', 'simulate', 'cryptominer')).toMatchObject({ status: 1, stderr: expect.stringContaining('NOT_RUNNING') })
    expect(await cws('rules', 'simulate', 'cryptominr')).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean') })
  })
})
