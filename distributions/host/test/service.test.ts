import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KEPT_CAPABILITIES } from '../bin/capabilities.js'

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
const unit = read('../systemd/cws.service')
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]

/** What `systemd-analyze verify` says of a unit; undefined where there is no such program. */
function verify(text: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'cws-unit-'))
  try {
    const file = join(folder, 'cws.service')
    // It looks for the program, which is not installed here.
    writeFileSync(file, text.replace(/^ExecStart=cws /m, `ExecStart=${process.execPath} `))
    const { error, stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    // It also tells what is wrong with other units of the host.
    const own = `${stdout}${stderr}`.split('\n').filter((line) => line.includes(file) || line.includes('cws.service'))
    return [...own, ...(status === 0 ? [] : [`status ${status}`])].join('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the systemd unit', () => {
  test.skipIf(verify('') === undefined)('is accepted by systemd, every key of it', () => {
    expect(verify(unit)).toBe('')
    // What the line above would not say of a wrong key.
    expect(verify(unit.replace('UMask=', 'Umask='))).toContain('Umask')
  })

  test('grants what the launcher keeps, and no more, as the documents say', () => {
    const granted = setting('CapabilityBoundingSet')?.split(' ')
    expect(granted).toEqual(KEPT_CAPABILITIES)
    const documented = [...read('../../../docs/privileges.md').matchAll(/^\| `(CAP_\w+)` \|/gm)].map(([, name]) => name)
    expect(documented).toEqual(KEPT_CAPABILITIES)
    expect(setting('NoNewPrivileges')).toBe('yes')
  })

  test('uses the folders that the agent uses', () => {
    expect([setting('StateDirectory'), setting('StateDirectoryMode')]).toEqual(['cws', '0700'])
    expect([setting('RuntimeDirectory'), setting('RuntimeDirectoryMode')]).toEqual(['cws', '0750'])
  })

  test('hides nothing of what the agent watches', () => {
    for (const name of [
      'PrivateTmp',
      'PrivateDevices',
      'PrivateNetwork',
      'PrivateUsers',
      'ProtectProc',
      'ProcSubset',
      'TemporaryFileSystem',
    ])
      expect(setting(name), name).toBeUndefined()
    expect(setting('ProtectHome')).toBe('read-only')
    expect(setting('MemoryDenyWriteExecute')).toBeUndefined()
  })

  test('is in the package, where the documents say', () => {
    expect((JSON.parse(read('../package.json')) as { files: string[] }).files).toContain('systemd')
    const command = 'sudo systemctl enable --now "$(npm root -g)/@cws/agent/systemd/cws.service"'
    for (const document of ['../README.md', '../../../README.md', '../systemd/cws.service']) expect(read(document)).toContain(command)
  })
})
