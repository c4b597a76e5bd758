/** The rules about files that change, on this host's own files: the agent as it runs without a configuration. All that is made is harmless and removed. */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import defaults from '@cws/rules-default'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Line, RunningAgent } from '../support/agent.ts'
import { temporaryFolder } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

/** Makes a file that was not there, in a folder that need not be; what there is already is left alone. @returns removes it */
function makeFile(path: string, mode?: number): () => void {
  if (existsSync(path)) throw new Error(`${path} is there already: not touched`)
  const folder = mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '#\n')
  if (mode !== undefined) chmodSync(path, mode)
  return () => {
    rmSync(path, { force: true })
    if (folder) rmSync(folder, { recursive: true })
  }
}

/** Makes a file and removes it. */
function makeAndRemove(path: string): void {
  makeFile(path)()
}

/** Writes the first byte of a file that is there once more. */
function rewrite(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    readSync(file, byte, 0, 1, 0)
    writeSync(file, byte, 0, 1, 0)
  } finally {
    closeSync(file)
  }
}

async function installPackage(): Promise<void> {
  using folder = temporaryFolder()
  const tree = join(folder.path, 'tree')
  const name = 'cws-test-rules'
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, 'usr/bin'), { recursive: true })
  writeFileSync(join(tree, 'usr/bin', name), '#!/bin/sh\n', { mode: 0o755 })
  const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: CWS <cws@localhost>\nDescription: made and removed by a test\n`
  writeFileSync(join(tree, 'DEBIAN/control'), control)
  writeFileSync(join(tree, 'DEBIAN/postinst'), '#!/bin/sh\nsleep 1\n', { mode: 0o755 })
  const deb = join(folder.path, 'package.deb')
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, deb], { stdio: 'ignore' })
  try {
    // Without this test's own NODE_OPTIONS: with code of others in its environment it is not believed.
    await promisify(execFile)('dpkg', ['-i', deb], { env: { PATH: process.env['PATH'] } })
  } finally {
    execFileSync('dpkg', ['--purge', name], { stdio: 'ignore', env: { PATH: process.env['PATH'] } })
  }
}

/** What undoes a deed, once it was seen. */
type Undo = (() => void) | undefined

/** For each rule a deed that fires it. */
const triggers: Readonly<Record<string, () => Undo | void | Promise<void>>> = {
  'scheduled-task-changed': () => makeFile('/etc/cron.d/cws-test'),
  'systemd-unit-changed': () => makeFile('/etc/systemd/system/cws-test.service'),
  'ssh-access-changed': () => makeFile('/etc/ssh/sshrc'),
  'startup-script-changed': () => makeFile('/etc/init.d/cws-test'),
  'shell-profile-changed': () => makeFile('/etc/profile.d/cws-test.sh'),
  'device-rule-changed': () => makeFile('/etc/modules-load.d/cws-test.conf'),
  'account-file-edited': () => rewrite('/etc/group'),
  'account-changed': () => {
    execFileSync('/usr/sbin/groupadd', ['cws-test-group'])
    execFileSync('/usr/sbin/groupdel', ['cws-test-group'])
  },
  'sudoers-changed': () => makeFile('/etc/doas.conf'),
  'pam-changed': () => makeFile('/etc/pam.d/cws-test'),
  'preload-changed': () => makeFile('/etc/ld.so.preload'),
  'system-file-changed': () => makeFile('/usr/bin/cws-test-program'),
  'ca-store-changed': () => makeFile('/usr/local/share/ca-certificates/cws-test.crt'),
  'set-id-bit-set': () => makeFile('/usr/local/bin/cws-test-program', 0o4755),
  'log-cleared': () => makeAndRemove('/var/log/auth.log.99'),
  'history-removed': () => makeAndRemove('/root/.mysql_history'),
  'packages-changed': installPackage,
}

// In namespaces of its own neither the author nor the path of a change is what the host calls it.
describe.runIf(!nested() && existsSync('/usr/bin/dpkg'))('each rule about changes', () => {
  let agent: RunningAgent
  beforeAll(async () => {
    agent = await RunningAgent.start()
  })
  afterAll(() => agent?.[Symbol.asyncDispose]())

  /** Others on this machine have signals of their own. */
  const isOurs = ({ event }: Line): boolean => {
    const { process: subject } = event as { process?: { pid?: number; ancestors?: readonly { pid: number }[] } }
    return subject?.pid === process.pid || (subject?.ancestors?.some(({ pid }) => pid === process.pid) ?? false)
  }

  it('has a trigger here, and each trigger a rule', () => {
    const ids = defaults.rules.filter(({ on }) => on === 'change').map(({ id }) => id)
    expect(Object.keys(triggers).sort()).toEqual(ids.sort())
  })

  it.each(Object.keys(triggers))('%s fires on the real thing', async (id) => {
    const from = agent.lines.length
    const undo = await triggers[id]?.()
    try {
      const signal = await agent.signal(id, (line) => isOurs(line) && agent.lines.indexOf(line) >= from)
      const rule = defaults.rules.find((one) => one.id === id)
      expect(signal).toMatchObject({ severity: rule?.severity, title: rule?.name, tags: rule?.tags })
      expect(signal['message']).not.toContain('{{')
      expect(signal['message']).not.toContain('(unknown)')
    } finally {
      undo?.()
    }
  })

  it('says nothing but what was done: a package manager’s work is no change by a stranger', () => {
    const byDpkg = agent.lines.filter((line) => line.kind === 'signal' && isOurs(line) && JSON.stringify(line).includes('cws-test-rules'))
    expect([...new Set(byDpkg.map((line) => (line['rule'] as { id: string }).id))]).toEqual(['packages-changed'])
  })
})
