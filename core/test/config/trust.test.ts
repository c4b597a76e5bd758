import { expect, test } from 'vitest'
import { assertTrusted, readOnlyMounts, type TrustFs } from '../../src/config/trust.ts'

interface Entry {
  readonly uid?: number
  readonly mode?: number
  readonly link?: string
  readonly file?: true
}

/** A file system as the check sees it; what is not listed is a folder of root. */
function tree(entries: Readonly<Record<string, Entry>>, readOnly: readonly string[] = []): TrustFs {
  const entry = (path: string) => entries[path] ?? {}
  return {
    lstat: (path) => ({
      uid: entry(path).uid ?? 0,
      gid: 0,
      mode: entry(path).mode ?? 0o755,
      isSymbolicLink: () => entry(path).link !== undefined,
      isDirectory: () => entry(path).link === undefined && !entry(path).file,
      isFile: () => entry(path).file === true,
    }),
    readlink: (path) => entry(path).link as string,
    readOnly: (path) => readOnly.some((it) => path === it || path.startsWith(`${it}/`)),
  }
}

const file = (more: Entry = {}): Entry => ({ file: true, mode: 0o644, ...more })
const config = '/etc/cws/cws.config.ts'

test.each<[string, Record<string, Entry>, string[]?]>([
  ['a file of root', { [config]: file() }],
  ['a sticky folder on the way', { '/etc': { mode: 0o1777 }, [config]: file() }],
  ['a link to a file of root', { [config]: { link: '../../srv/./a.ts', mode: 0o777 }, '/srv/a.ts': file() }],
  ['a read-only mount', { '/etc/cws': { uid: 7, mode: 0o777 }, [config]: file({ uid: 7, mode: 0o666 }) }, ['/etc/cws']],
])('accepts %s', (_, entries, readOnly) => assertTrusted(config, 'configuration', tree(entries, readOnly)))

test.each<[string, Record<string, Entry>, string, string]>([
  ['a file of another', { [config]: file({ uid: 7 }) }, `the file ${config} belongs to user 7`, `chown root ${config}`],
  ['a file that others write', { [config]: file({ mode: 0o646 }) }, 'is writable by others (mode 0646)', `chmod go-w ${config}`],
  ['a file that the group writes', { [config]: file({ mode: 0o664 }) }, 'is writable by its group (mode 0664)', 'chmod go-w'],
  ['a folder of another', { '/etc/cws': { uid: 7 }, [config]: file() }, 'the folder /etc/cws, on the way to', 'chown root /etc/cws'],
  ['a folder that others write', { '/etc': { mode: 0o777 }, [config]: file() }, 'the folder /etc, on the way to', 'chmod go-w /etc'],
  ['a sticky folder of another', { '/etc': { mode: 0o1777, uid: 7 }, [config]: file() }, 'belongs to user 7', 'chown root /etc'],
  [
    'a link of another',
    { '/tmp': { mode: 0o1777 }, [config]: { link: '/tmp/x' }, '/tmp/x': { link: '/srv/a', uid: 7 }, '/srv/a': file() },
    'the symbolic link /tmp/x',
    'chown -h root /tmp/x',
  ],
  [
    'a link through a folder of another',
    { [config]: { link: '/home/a/../../srv/a' }, '/home/a': { uid: 7 }, '/srv/a': file() },
    'the folder /home/a',
    'chown root /home/a',
  ],
  ['links that never end', { [config]: { link: config } }, 'too many symbolic links', ''],
])('refuses %s', (_, entries, message, hint) => {
  const refuse = () => assertTrusted(config, 'configuration', tree(entries))
  expect(refuse).toThrow(expect.objectContaining({ code: 'CWS_ERR_CONFIG_TRUST', message: expect.stringContaining(message) }))
  if (hint) expect(refuse).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }))
})

test('reads which mounts are read-only', () => {
  const text = `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /ro ro,nosuid - tmpfs tmpfs rw
23 21 0:6 / /super rw master:2 - squashfs /dev/loop0 ro,errors=continue
nonsense
`
  expect([...readOnlyMounts(text)]).toEqual(['22', '23'])
})
