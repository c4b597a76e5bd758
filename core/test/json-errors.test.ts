import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { main } from '../src/cli/main.ts'
import { temporaryFolder } from './fixtures/delivery.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
  vi.stubEnv('CWS_STATE_DIR', join(folder.path, 'state'))
  vi.stubEnv('CWS_RUN_DIR', join(folder.path, 'run'))
})
afterEach(() => {
  process.exitCode = undefined
  folder[Symbol.dispose]()
  vi.unstubAllEnvs()
})

/** Runs the command line in this process, as its program does. */
async function cws(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text
      return true
    }),
  )
  try {
    const preset = async () => ({ plugins: [] })
    await main({ version: '0', installation: import.meta.url, preset, starter: '' }, ['node', 'cws', ...args])
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.stdout.removeAllListeners('error')
  }
  return { ...written, status: process.exitCode }
}

test.each([
  [['status'], 1, 'CWS_ERR_NOT_RUNNING', /^no agent answers on /],
  [['notify', 'test', 'team'], 1, 'CWS_ERR_NOT_RUNNING', /^no agent answers on /],
  [['fields', 'exce'], 2, 'CWS_ERR_EVENT_UNKNOWN', /did you mean "exec"/],
  [['check', '--config', '/nonexistent.ts'], 2, 'CWS_ERR_CONFIG_NOT_FOUND', /nonexistent\.ts/],
  [['signals', 'list', '--severty', 'high'], 2, 'CWS_ERR_USAGE', /^unknown option '--severty' \(Did you mean --severity\?\)$/],
  [['signals', 'list', '--limit', '0'], 2, 'CWS_ERR_USAGE', /a number from 1 to 1000/],
  [['signals', 'show'], 2, 'CWS_ERR_USAGE', /^missing required argument 'id'$/],
  [['notify'], 2, 'CWS_ERR_USAGE', /^unknown option '--format'$/],
] as const)('%j with --format json: an error is one line of JSON on stdout', async (args, code, error, message) => {
  const { status, stderr, stdout } = await cws(...args, '--format', 'json')
  expect([status, stderr]).toEqual([code, ''])
  expect(stdout).toMatch(/^[^\n]+\n$/)
  expect(JSON.parse(stdout)).toEqual({
    kind: 'error',
    ok: false,
    error: { code: error, message: expect.stringMatching(message), plugin: null, hint: expect.any(String), frame: null },
  })
})

test('without it, and of `run`, errors are text on stderr', async () => {
  for (const args of [['status'], ['run', '--config', '/nonexistent.ts', '--format', 'json', '--log-level', 'silent']]) {
    const { status, stderr, stdout } = await cws(...args)
    expect(stderr).toMatch(/^cws: .* \(CWS_ERR_(NOT_RUNNING|CONFIG_NOT_FOUND)\)\n {2}/)
    expect([status === 0, stdout]).toEqual([false, ''])
  }
})

test('what was asked for is no error', async () => {
  expect(await cws('status', '--format=json', '--help')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('Examples:'),
  })
})
