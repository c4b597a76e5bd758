/** The rules about files that change or are opened, on this host's own files: the agent as it runs without a configuration. All that is made is harmless and removed. */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
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

/** A program that is called like a web server makes a file. */
function writtenByServer(path: string): () => void {
  using folder = temporaryFolder()
  const server = join(folder.path, 'nginx')
  copyFileSync('/bin/sh', server)
  execFileSync(server, ['-c', `echo '<?php' > ${path}`])
  return () => rmSync(path)
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

/** Folders that are there before the agent starts: of what lies in one that is new nobody knows who put it there. */
const folders: readonly string[] = [
  ...['/usr/local/lib/python3.cws-test', '/home/cws-test', '/var/www/cws-test'],
  ...['ld.so.conf.d', 'dpkg/dpkg.cfg.d', 'apt/sources.list.d', 'default/grub.d', 'kubernetes/manifests', 'ssh/ssh_config.d', 'rsyslog.d'],
  ...['apparmor.d', 'cws'],
].map((name) => (name.startsWith('/') ? name : `/etc/${name}`))

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
  'python-startup-changed': () => makeFile('/usr/local/lib/python3.cws-test/sitecustomize.py'),
  'loader-path-changed': () => makeFile('/etc/ld.so.conf.d/cws-test.conf'),
  'package-script-changed': () => makeFile('/etc/dpkg/dpkg.cfg.d/cws-test'),
  'package-source-changed': () => makeFile('/etc/apt/sources.list.d/cws-test.list'),
  'boot-files-changed': () => makeFile('/etc/default/grub.d/cws-test.cfg'),
  'static-pod-written': () => makeFile('/etc/kubernetes/manifests/cws-test.yaml'),
  'user-profile-changed': () => makeFile('/home/cws-test/.profile'),
  'ssh-client-changed': () => makeFile('/etc/ssh/ssh_config.d/cws-test.conf'),
  'remote-trust-written': () => makeFile('/etc/hosts.equiv'),
  'logging-changed': () => makeFile('/etc/rsyslog.d/cws-test.conf'),
  'confinement-changed': () => makeFile('/etc/apparmor.d/cws-test'),
  'agent-settings-changed': () => makeFile('/etc/cws/cws-test.yaml'),
  'host-names-changed': () => rewrite('/etc/hosts'),
  'web-shell-written': () => writtenByServer('/var/www/cws-test/x.php'),
  'packages-changed': installPackage,
}

/** For each rule about files that are opened a file that fires it, read by a shell. What is not there is made before the agent starts, and removed at the end. */
const read: Readonly<Record<string, string>> = {
  'password-hashes-opened': '/etc/shadow',
  'private-key-opened': '/root/.ssh/id_dsa',
  'cloud-credentials-opened': '/etc/boto.cfg',
  'sudoers-opened': '/etc/sudoers.d/cws-test',
  'browser-store-opened': '/home/cws-test-reader/.mozilla/firefox/x.default/logins.json',
  'kerberos-keys-opened': '/etc/krb5.keytab',
  'server-key-opened': '/etc/ssl/private/cws-test.key',
  'stored-password-opened': '/root/.netrc',
}

// In namespaces of its own neither the author nor the path of a change is what the host calls it.
describe.runIf(!nested() && existsSync('/usr/bin/dpkg'))('each rule about files', () => {
  let agent: RunningAgent
  const undo: (() => void)[] = []
  beforeAll(async () => {
    for (const path of folders) {
      const made = mkdirSync(path, { recursive: true })
      if (made) undo.push(() => rmSync(made, { recursive: true }))
    }
    for (const path of Object.values(read)) if (!existsSync(path)) undo.push(makeFile(path))
    agent = await RunningAgent.start()
  })
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    for (const one of undo.reverse()) one()
  })

  /** Others on this machine have signals of their own. */
  const isOurs = ({ event }: Line): boolean => {
    const { process: subject } = event as { process?: { pid?: number; ancestors?: readonly { pid: number }[] } }
    return subject?.pid === process.pid || (subject?.ancestors?.some(({ pid }) => pid === process.pid) ?? false)
  }

  it('has a trigger here, and each trigger a rule', () => {
    const idsOn = (type: string) => defaults.rules.flatMap(({ on, id }) => (on === type ? [id] : [])).sort()
    expect(Object.keys(triggers).sort()).toEqual(idsOn('change'))
    expect(Object.keys(read).sort()).toEqual(idsOn('open'))
  })

  it.each(Object.keys(triggers))('%s fires on the real thing', async (id) => {
    const from = agent.lines.length
    const undo = await triggers[id]?.()
    try {
      await expectSignal(id, from)
    } finally {
      undo?.()
    }
  })

  it.each(Object.entries(read))('%s fires on the real thing', async (id, path) => {
    const from = agent.lines.length
    // It has long been what it is when it opens the file: of who has just become another program either may have been the one.
    execFileSync('/bin/bash', ['-c', 'for i in 1 2 3; do sleep 0.2; read -r line <"$1"; done', 'bash', path])
    await expectSignal(id, from)
  })

  async function expectSignal(id: string, from: number): Promise<void> {
    const signal = await agent.signal(id, (line) => isOurs(line) && agent.lines.indexOf(line) >= from)
    const rule = defaults.rules.find((one) => one.id === id)
    expect(signal).toMatchObject({ severity: rule?.severity, title: rule?.name, tags: rule?.tags })
    expect(signal['message']).not.toContain('{{')
    expect(signal['message']).not.toContain('(unknown)')
  }

  it('says nothing but what was done: a package manager’s work is no change by a stranger', () => {
    const byDpkg = agent.lines.filter((line) => line.kind === 'signal' && isOurs(line) && JSON.stringify(line).includes('cws-test-rules'))
    expect([...new Set(byDpkg.map((line) => (line['rule'] as { id: string }).id))]).toEqual(['packages-changed'])
  })
})
