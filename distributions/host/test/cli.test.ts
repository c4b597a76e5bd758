import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** The command line from source, in a folder of its own that holds also its state. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function cws(...args: string[]) {
  const main = join(import.meta.dirname, '../src/main.ts')
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, HOME: folder, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') }
  // The whole model is some MiB of JSON.
  const maxBuffer = 64 * 1024 * 1024
  return spawnSync(process.execPath, ['--conditions=cws-source', main, ...args], { cwd: folder, env, encoding: 'utf8', maxBuffer })
}
const config = (text: string) => {
  const file = join(folder, 'cws.config.ts')
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

describe('the command line', { timeout: 60_000 }, () => {
  test('teaches: every command has its help with examples', () => {
    const { stdout, status } = cws('--help')
    expect(status).toBe(0)
    for (const command of ['run', 'check', 'init', 'status', 'signals', 'notify', 'doctor', 'plugins', 'fields', 'events']) {
      expect(stdout).toContain(`\n  ${command} `)
      const help = cws(command, '--help')
      expect(help.status).toBe(0)
      expect(help.stdout).toContain('Examples:')
    }
  })

  test('prints its version', () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string }
    expect(cws('--version')).toMatchObject({ stdout: `${version}\n`, status: 0 })
  })

  test.each([
    [['rnu'], 'Did you mean run?'],
    [['run', '--formt', 'json'], 'Did you mean --format?'],
    [['run', '--format', 'xml'], 'Allowed choices are human, json'],
    [['fields', 'exce'], 'did you mean "exec"?'],
    [['run', '--events=,'], 'name event types'],
    [['signals', 'lsit'], 'Did you mean list?'],
    [['signals', 'list', '--severity', 'hihg'], 'Allowed choices are info, low, medium, high, critical'],
    [['signals', 'list', '--limit', '0'], 'a number from 1 to 1000'],
    [['signals', 'show'], "missing required argument 'id'"],
  ])('%j ends with 2 and a suggestion', (args, words) => {
    const { status, stderr, stdout } = cws(...args)
    expect(stderr).toContain(words)
    expect([status, stdout]).toEqual([2, ''])
  })

  test.each([['status'], ['signals', 'list'], ['signals', 'show', '01KB6QRD4V5N0ZK3W8F2T9XHMC']])(
    'without an agent and its files `%s` says so, how to start one, and ends with 1',
    (...args) => {
      const { status, stderr, stdout } = cws(...args)
      expect(stderr).toContain('cws run')
      expect(stderr).toContain('CWS_ERR_NOT_RUNNING')
      expect([status, stdout]).toEqual([1, ''])
    },
  )
})

test('with --format json an error of a plugin’s command is one line of JSON on stdout', { timeout: 60_000 }, () => {
  const { status, stderr, stdout } = cws('rules', 'list', '--config', 'none.ts', '--format', 'json')
  expect([status, stderr]).toEqual([2, ''])
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'error', ok: false, error: { code: 'CWS_ERR_CONFIG_NOT_FOUND' } })
})

describe('cws fields', { timeout: 60_000 }, () => {
  test('lists event types, fields and what fits a filter', () => {
    expect(cws('fields').stdout).toMatch(/^exec +\d+ fields +A process executed/)
    const filtered = cws('fields', 'exec', 'interpreter.file.path').stdout.split('\n').slice(2)
    expect(filtered[0]).toMatch(/^ {2}exec\.interpreter\.file\.path +path +\S/)
    expect(filtered.every((line) => line === '' || line.includes('interpreter.file.path'))).toBe(true)
  })

  test('marks what no sensor feeds', () => {
    const types = cws('fields').stdout.split('\n')
    expect(types.find((line) => line.startsWith('ptrace '))).toMatch(/\(not fed\)$/)
    expect(types.find((line) => line.startsWith('open '))).not.toContain('not fed')
    const flags = cws('fields', 'open', 'open.flags').stdout.split('\n')
    expect(flags.find((line) => line.startsWith('  open.flags '))).toMatch(/\(not fed\)$/)
  })

  test('as JSON gives the whole model', () => {
    const model = JSON.parse(cws('fields', '--format', 'json').stdout) as {
      type: string
      fed: boolean
      fields: { name: string; kind: string; doc: string }[]
    }[]
    expect(model.filter(({ fed }) => fed).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['exec', 'fork', 'exit', 'open', 'change']),
    )
    expect(model.find(({ type }) => type === 'ptrace')?.fed).toBe(false)
    const exec = model.find(({ type }) => type === 'exec')
    expect(exec?.fields).toContainEqual(expect.objectContaining({ name: 'exec.file.path', kind: 'path', array: false, fed: true }))
    expect(exec?.fields).toContainEqual(expect.objectContaining({ name: 'exec.file.metadata.abi', fed: false }))
    const masks = expect.objectContaining({ CAP_SYS_ADMIN: 2 ** 21 })
    expect(exec?.fields).toContainEqual(expect.objectContaining({ name: 'exec.cap_effective', constants: masks }))
  })
})

describe('cws init and cws check', { timeout: 60_000 }, () => {
  test('what init writes is right, private, and never written over', () => {
    const first = cws('init')
    expect(first.status).toBe(0)
    const file = join(folder, 'cws.config.ts')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const check = cws('check', '--config', file, '--format', 'json')
    expect(check.stderr).toBe('')
    expect(JSON.parse(check.stdout)).toMatchObject({ ok: true, config: file, problems: [], notes: [] })
    expect(first.stdout).toContain(`cws check --config ${file}`)
    const again = cws('init')
    expect(again.status).toBe(2)
    expect(again.stderr).toContain('is there already')
  })

  test('without a configuration the preset is checked', () => {
    const { stdout, status } = cws('check')
    expect(status).toBe(0)
    expect(stdout).toContain('no configuration: the preset')
    expect(stdout).toMatch(/\nall right\n$/)
    // All that comes with it is fed.
    expect(stdout).not.toContain('unfed')
  })

  test('a wrong key is a framed error, and one JSON object for programs', () => {
    const file = config(
      "import { defineConfig, host } from '@cws/agent'\nexport default defineConfig({ plugins: [host()], notification: [] } as never)\n",
    )
    const human = cws('check', '--config', file)
    expect(human.status).toBe(2)
    expect(human.stderr).toContain('did you mean "notifications"?')
    expect(human.stderr).toContain('> 2 |')
    const machine = cws('check', '--config', file, '--format', 'json')
    expect(machine.status).toBe(2)
    expect(JSON.parse(machine.stdout)).toMatchObject({ ok: false, error: { code: 'CWS_ERR_CONFIG_INVALID' } })
  })

  test('a wrong option of the preset is a framed error', () => {
    const file = config("import { host } from '@cws/agent'\n\nexport default {\n  plugins: [host({ rulez: {} } as never)],\n}\n")
    const { stderr, status } = cws('check', '--config', file)
    expect(stderr).toContain('cws.config.ts:4:13: host(): unknown option "rulez"; did you mean "rules"?')
    expect(stderr).toContain('> 4 |')
    expect(status).toBe(2)
  })

  test('a rule that is wrong is told with its place, for people and for programs', () => {
    writeFileSync(join(folder, 'wrong.mjs'), "export default {\n  id: 'wrong',\n  on: 'exec',\n  where: 'exec.file.pth == 1',\n}\n")
    const file = config("import { host } from '@cws/agent'\nexport default { plugins: [host({ rules: { packs: ['./wrong.mjs'] } })] }\n")
    const human = cws('check', '--config', file)
    expect(human.stdout).toMatch(
      /^wrong rules: wrong\.mjs:2: rule "wrong": .*did you mean "exec\.file\.path"\?\n {4}> 1 \| exec\.file\.pth/m,
    )
    expect([human.status, human.stderr]).toEqual([2, ''])
    const machine = cws('check', '--config', file, '--format', 'json')
    expect(JSON.parse(machine.stdout)).toMatchObject({
      ok: false,
      problems: [{ plugin: 'rules', message: expect.stringContaining('exec.file.pth'), frame: expect.stringContaining('> 1 |') }],
    })
    expect(machine.status).toBe(2)
  })

  test('rules that nothing feeds are counted, with what would feed them', () => {
    const file = config(`import processExec from '@cws/plugin-process-exec'
import rules from '@cws/plugin-rules'
import defaults from '@cws/rules-default'
export default { plugins: [processExec(), rules({ packs: [defaults, './traced.mjs'] })] }
`)
    const said = "name: 'Traced', severity: 'low', message: 'A process was traced.'"
    writeFileSync(join(folder, 'traced.mjs'), `export default { id: 'traced', on: 'ptrace', where: 'process.pid > 1', ${said} }\n`)
    const human = cws('check', '--config', file)
    expect(human.stdout).toMatch(
      /^note rules: \d+ of \d+ rules are unfed and cannot fire: the sensors "files" of fim, "opens" of fim would feed \d\d of them, no sensor of this version the others; `cws rules check` names them\nall right$/m,
    )
    expect(human.status).toBe(0)
  })

  test('a rule file that does not parse is told with its place', () => {
    writeFileSync(join(folder, 'broken.mjs'), "export default { id: 'broken'\n")
    const file = config("import { host } from '@cws/agent'\nexport default { plugins: [host({ rules: { packs: ['./broken.mjs'] } })] }\n")
    expect(cws('check', '--config', file).stdout).toMatch(/^wrong rules: \S+broken\.mjs:1:\d+: [^\n]+\n {4}> 1 \| export default/m)
  })

  test('a configuration that was named and is not there ends with 2', () => {
    const { status, stderr } = cws('run', '--config', join(folder, 'none.ts'))
    expect(stderr).toContain('CWS_ERR_CONFIG_NOT_FOUND')
    expect(status).toBe(2)
  })
})

test('cws plugins lists what would run', { timeout: 60_000 }, () => {
  const plugins = JSON.parse(cws('plugins', '--format', 'json').stdout) as { name: string; state: string | null }[]
  expect(plugins.map(({ name, state }) => [name, state])).toEqual([
    ['process-exec', null],
    ['fim', null],
    ['rules', null],
  ])
})
