/** Package managers are known by what they are and do, on this host's own dpkg and apt. No network is used: the package is made here. */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Change, FileChanges, fileFlavours } from '../support/file-changes.ts'
import { nested } from '../support/vantage.ts'

const NAME = 'cws-test-package'
const [fanotify] = fileFlavours
// In a namespace of its own neither pids nor paths are those by which a package manager is known.
const here = existsSync('/usr/bin/dpkg') && existsSync('/usr/bin/apt-get') && !nested()

describe.runIf(here)('package managers', () => {
  let files: FileChanges
  let deb: string

  beforeAll(async () => {
    files = await FileChanges.watch({ flavour: fanotify as never })
    deb = join(files.base, `${NAME}.deb`)
    const tree = join(files.base, 'tree')
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    mkdirSync(join(tree, files.folder), { recursive: true })
    writeFileSync(join(tree, files.folder, 'program'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      `Package: ${NAME}\nVersion: 1\nArchitecture: all\nMaintainer: CWS <cws@localhost>\nDescription: made and removed by a test\n`,
    )
    // It takes its time, as packages do: the lock must be there while what it did is judged.
    writeFileSync(join(tree, 'DEBIAN/postinst'), `#!/bin/sh\ncp /etc/hostname '${files.at('by-script')}'\nsleep 2\n`, { mode: 0o755 })
    execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, deb], { stdio: 'ignore' })
  })
  afterEach(() => {
    spawnSync('dpkg', ['--purge', NAME], { stdio: 'ignore' })
  })
  afterAll(() => files?.[Symbol.asyncDispose]())

  const managerOf = ({ process }: Change) => [process.file.path, process.package_manager]
  const arrival = async (name: string): Promise<Change> => {
    const there = ({ change }: Change) => change.path === files.at(name) && change.kind !== 'deleted'
    await files.until(`${name} arrives`, () => files.events.some(there))
    return files.events.findLast(there) as Change
  }

  test.each([
    ['dpkg', ['-i']],
    ['apt-get', ['install', '-y']],
  ])('%s unpacks and its package’s script writes', async (program, args) => {
    files.events.length = 0
    // Without this test's own NODE_OPTIONS: with code of others in its environment it is not believed.
    await promisify(execFile)(program, [...args, deb], { env: { PATH: process.env['PATH'] } })
    expect(managerOf(await arrival('program'))).toEqual(['/usr/bin/dpkg', 'dpkg'])
    const byScript = await arrival('by-script')
    expect(byScript.process.package_manager).toBe('dpkg')
    expect(byScript.process.ancestors.file.path).toContain('/usr/bin/dpkg')
  })

  test('a program of that name is no package manager', async () => {
    const fake = join(files.base, 'dpkg')
    copyFileSync('/bin/sh', fake)
    execFileSync(fake, ['-c', `sleep 0.1; echo x > '${files.at('by-fake')}'; cp /etc/hostname '${files.at('below-fake')}'`])
    expect(managerOf(await arrival('by-fake'))).toEqual([fake, ''])
    expect((await arrival('below-fake')).process.package_manager).toBe('')
  })

  test('nor is one that was mounted over it', async () => {
    const fake = join(files.base, 'shell')
    copyFileSync('/bin/sh', fake)
    const script = `mount --bind '${fake}' /usr/bin/dpkg && /usr/bin/dpkg -c "sleep 0.1; echo x > '${files.at('by-mounted')}'"`
    execFileSync('unshare', ['-m', 'sh', '-c', script])
    expect(managerOf(await arrival('by-mounted'))).toEqual(['/usr/bin/dpkg', ''])
  })

  test('nor is dpkg itself while it is at work on nothing', async () => {
    const hook = join(files.base, 'hook')
    writeFileSync(hook, `#!/bin/sh\necho x > '${files.at('by-hook')}'\n`)
    chmodSync(hook, 0o755)
    spawnSync('dpkg', [`--pre-invoke=${hook}`, '--configure', 'cws-test-no-such-package'], { stdio: 'ignore' })
    const { process } = await arrival('by-hook')
    expect(process.ancestors.file.path).toContain('/usr/bin/dpkg')
    expect(process.package_manager).toBe('')
  })
})
