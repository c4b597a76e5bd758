import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shownText } from '@cws/core'
import { hostileLetter, hostileValues, PluginTester, TestNotifier } from '@cws/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentOf } from '../src/environment.ts'
import exec from '../src/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-exec-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program of root's in the folder of the test. */
function program(text: string, name = 'program'): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o700 })
  return path
}
const linesOf = (environment: Readonly<Record<string, string>>): string[] =>
  Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
const notifier = (text: string, more: object = {}) => TestNotifier.of(exec({ command: [program(text), folder], ...more }))

new PluginTester({ describe, it }).run(exec, {
  valid: [{ command: ['/bin/true'] }, { command: ['/bin/cat', '-'], mode: 'latest', concurrency: 4, timeout: 500 }],
  invalid: [
    {},
    { command: [] },
    { command: ['true'] },
    { command: ['/bin/../bin/true'] },
    { command: '/bin/true' },
    { command: ['/bin/true', 'a\0b'] },
    { command: ['/bin/true'], uid: 1 },
    { command: ['/bin/true'], uid: 0, gid: 0 },
    { command: ['/bin/true'], timeout: 60_000 },
    { command: ['/bin/true'], concurrency: 5 },
  ],
})

describe('notify-exec', () => {
  it('gives the program the signal on its standard input, its arguments as they stand, and nothing of the agent’s environment [case 55]', async () => {
    process.env['CWS_TEST_SECRET'] = 'of nobody else'
    const path = program('cat > "$1/in"; printf "%s\\n" "$@" > "$1/arguments"; env | sort > "$1/environment"; pwd > "$1/cwd"')
    const title = '$(touch pwned) ;reboot `id` -rf\u009b31m\u202e'
    await using it = await TestNotifier.of(exec({ command: [path, folder, '$(id) ; `id` * "'] }))
    const { outcome, notification } = await it.deliver({ title, severity: 'critical' })
    delete process.env['CWS_TEST_SECRET']
    expect(outcome).toEqual({ result: 'delivered' })
    expect(it.manner.mode).toBe('every')
    const input = readFileSync(join(folder, 'in'), 'utf8')
    expect(JSON.parse(input)).toMatchObject({ title, severity: 'critical' })
    expect(input).not.toMatch(/[\u0080-\u009f\u202e]/)
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe(`${folder}\n$(id) ; \`id\` * "\n`)
    expect(readFileSync(join(folder, 'cwd'), 'utf8')).toBe('/\n')
    const names = readFileSync(join(folder, 'environment'), 'utf8')
      .split('\n')
      .filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line) && line !== '')
    expect(names).toEqual([
      'CWS_ATTEMPT=1',
      `CWS_KEY=${notification.key}`,
      'CWS_REASON=opened',
      'CWS_REVISION=1',
      'CWS_RULE_ID=exec-from-memory-fs',
      'CWS_SEVERITY=critical',
      `CWS_SIGNAL_ID=${notification.signal.id}`,
      'CWS_STATUS=open',
      'LANG=C.UTF-8',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ])
  })

  it('gives what an attacker chose on the standard input alone, whatever it is [case 45] [case 55]', async () => {
    const path = program('printf "%s\\0" "$@" > "$1/arguments"; exec cat - /proc/self/environ > "$1/all"')
    await using it = await TestNotifier.of(exec({ command: [path, folder, '--queue'] }))
    // A run costs a hundredth of a second: twelve texts in each, one of them wherever texts can stand.
    for (let i = 0; i < hostileValues.length; i += 12) {
      const texts = hostileValues.slice(i, i + 12)
      const signal = { ...hostileLetter(texts[0] as string).signal, tags: texts }
      const { outcome, notification } = await it.deliver(signal)
      expect(outcome).toEqual({ result: 'delivered' })
      const all = readFileSync(join(folder, 'all'), 'utf8')
      const end = all.indexOf('\n')
      expect(JSON.parse(all.slice(0, end))).toEqual({ kind: 'signal', ...signal })
      expect(all.slice(0, end)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe(`${folder}\0--queue\0`)
      const environment = all
        .slice(end + 1)
        .split('\0')
        .filter((line) => line !== '' && !/^(PWD|_|SHLVL|OLDPWD)=/.test(line))
      expect(environment.sort()).toEqual(linesOf(environmentOf(notification)))
    }
  }, 30_000)

  it('names the rule so that any program can be started, and nothing else changes by what an attacker chose [case 45] [case 55]', async () => {
    await using it = await notifier('exit 0')
    const { notification } = await it.deliver()
    const { CWS_RULE_ID: _, ...others } = environmentOf(notification)
    for (const text of hostileValues) {
      const id = shownText(text, 256)
      expect(environmentOf({ ...notification, signal: hostileLetter(text).signal })).toEqual({ ...others, CWS_RULE_ID: id })
      expect(id).toMatch(/^\P{C}*$/u)
    }
  })

  it.each([
    [0, 'delivered', undefined],
    [75, 'retry', 'exit code 75 (EX_TEMPFAIL): no\\u{1b}[2J'],
    [65, 'reject', 'exit code 65 (EX_DATAERR): no\\u{1b}[2J'],
    [78, 'broken', 'exit code 78 (EX_CONFIG): no\\u{1b}[2J'],
    [77, 'broken', 'exit code 77 (EX_NOPERM): no\\u{1b}[2J'],
    [127, 'broken', 'exit code 127 (not found): no\\u{1b}[2J'],
    [1, 'retry', 'exit code 1: no\\u{1b}[2J'],
    [69, 'retry', 'exit code 69: no\\u{1b}[2J'],
  ])('takes exit code %i as %s [case 55]', async (code, result, detail) => {
    await using it = await notifier(`printf '\\nno\\033[2J\\nmore\\n' >&2; exit ${code}`)
    expect((await it.deliver()).outcome).toEqual(detail === undefined ? { result } : { result, detail })
  })

  it('kills what forks and hangs, all of it, when its time is over [case 55]', async () => {
    const pids = join(folder, 'pids')
    const fork = `(trap '' TERM HUP; echo $$ >> ${pids}; sleep 1000) &`
    await using it = await notifier(`echo waiting; ${fork} ${fork} echo $! >> ${pids}; echo $$ >> ${pids}; sleep 1000`, { timeout: 500 })
    const { outcome } = await it.deliver()
    expect(outcome).toEqual({ result: 'ambiguous', detail: 'it was killed after 500 ms: waiting' })
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number)
    await expect.poll(() => started.filter(runs), { timeout: 5_000 }).toEqual([])
  })

  it('kills what a program that has ended left behind, and does not wait for it', async () => {
    const pid = join(folder, 'pid')
    await using it = await notifier(`sleep 1000 & echo $! > ${pid}; exit 0`)
    expect((await it.deliver()).outcome).toEqual({ result: 'delivered' })
    await expect.poll(() => runs(Number(readFileSync(pid, 'utf8'))), { timeout: 5_000 }).toBe(false)
  })

  it('reads a mebibyte of what it prints, and no more [case 55]', async () => {
    await using it = await notifier('cat /dev/zero', { timeout: 5_000 })
    const { outcome } = await it.deliver()
    expect(outcome).toMatchObject({ result: expect.stringMatching(/ambiguous|retry/) })
    const said = it.logs.map(({ message }) => / (\d+) bytes of output$/.exec(message)?.[1]).find((bytes) => bytes !== undefined)
    expect(Number(said)).toBeGreaterThan(1024 * 1024)
    expect(Number(said)).toBeLessThan(2 * 1024 * 1024)
  })

  it('does not mind a program that reads nothing of a long signal', async () => {
    await using it = await notifier('exit 0')
    expect((await it.deliver({ message: 'x'.repeat(1024 * 1024) })).outcome).toEqual({ result: 'delivered' })
  })

  it('kills it when the agent has no time for it any more', async () => {
    await using it = await notifier('sleep 1000')
    expect((await it.deliver({}, { deadlineMs: 100 })).outcome).toMatchObject({
      result: 'ambiguous',
      detail: expect.stringContaining('time of this delivery'),
    })
  })

  it('is set up with a program that is there, and that only root could replace', async () => {
    await expect(TestNotifier.of(exec({ command: [join(folder, 'missing')] }))).rejects.toMatchObject({ code: 'ENOENT' })
    const path = program('exit 0')
    chmodSync(path, 0o600)
    await expect(TestNotifier.of(exec({ command: [path] }))).rejects.toMatchObject({ code: 'EACCES' })
    chmodSync(path, 0o702)
    if (process.geteuid?.() === 0)
      await expect(TestNotifier.of(exec({ command: [path] }))).rejects.toMatchObject({ code: 'CWS_ERR_CONFIG_TRUST' })
    const shared = join(folder, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o777)
    const inside = join(shared, 'program')
    writeFileSync(inside, '#!/bin/sh\n', { mode: 0o700 })
    if (process.geteuid?.() === 0)
      await expect(TestNotifier.of(exec({ command: [inside] }))).rejects.toMatchObject({ code: 'CWS_ERR_CONFIG_TRUST' })
  })

  it('is broken while the program is gone or was opened to others', async () => {
    const path = program('exit 0')
    await using it = await TestNotifier.of(exec({ command: [path] }))
    rmSync(path)
    expect((await it.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('ENOENT') })
    program('exit 0')
    expect((await it.deliver()).outcome).toEqual({ result: 'delivered' })
    writeFileSync(path, 'no program at all: no interpreter\n', { mode: 0o700 })
    expect((await it.deliver()).outcome).toMatchObject({ result: 'broken' })
  })

  it.runIf(process.geteuid?.() === 0)('runs it as somebody else, without groups of ours', async () => {
    const path = program('id -u > "$1/out/id"; id -G >> "$1/out/id"')
    chmodSync(folder, 0o711)
    chmodSync(path, 0o755)
    const out = join(folder, 'out')
    mkdirSync(out)
    chmodSync(out, 0o777)
    await using it = await TestNotifier.of(exec({ command: [path, folder], uid: 65_534, gid: 65_534 }))
    expect((await it.deliver()).outcome).toEqual({ result: 'delivered' })
    expect(readFileSync(join(out, 'id'), 'utf8')).toBe('65534\n65534\n')
  })
})

const runs = (pid: number): boolean => {
  try {
    // A process that is dead and not waited for has no command line.
    return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}
