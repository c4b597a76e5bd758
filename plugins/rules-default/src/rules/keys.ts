import { defineRule } from '@cws/core'
import { AUTHOR, isPackaged } from '../authors.ts'
import { inHomes } from '../files.ts'
import { READERS } from '../programs.ts'

const TEMPORARY = ['/tmp/**', '/var/tmp/**', '/dev/**', '/run/user/**', 'memfd:*'] as const
/** By a program for any file at all, or by one that lies where everybody writes. */
const byStranger = [{ 'process.file.path': READERS }, { 'process.file.path': TEMPORARY }, { 'process.file.unlinked': true }] as const
const strangers = [{ 'process.file.path': '/usr/bin/cat' }, { 'process.file.path': '/tmp/x', 'process.package_manager': '' }] as const

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
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}, which is no browser: it holds passwords, or sessions with which nobody is asked for one.`,
  advice: 'Ask the user whether it was them. If not, log out of everything from another machine, and change the passwords.',
  benign: ['Backups: except the program in `tune`'],
  tests: {
    fires: strangers.map((by) => ({ 'open.file.path': '/home/ann/.mozilla/firefox/x.default/logins.json', ...by })),
    silent: [
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
  when: (event) => !isPackaged(event),
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
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: who has the key of a server poses as it, and reads what is meant for it.`,
  advice: 'Ask the user whether it was them. If not, make a new key, and revoke the certificate.',
  benign: ['An administrator who sets up a certificate', 'Hooks that copy a renewed certificate', 'Backups: except the program in `tune`'],
  tests: {
    fires: strangers.map((by) => ({ 'open.file.path': '/etc/ssl/private/shop.key', ...by })),
    silent: [
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

export const storedPasswordOpened = defineRule({
  id: 'stored-password-opened',
  name: 'A password that programs keep was opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1552.001', 'mitre:T1555'],
  on: 'open',
  where: {
    'open.file.path': [
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
      ...inHomes(
        '.gnupg/secring.gpg',
        '.password-store/.gpg-id',
        '.local/share/keyrings/login.keyring',
        '.config/filezilla/sitemanager.xml',
      ),
      ...['/etc/mysql/debian.cnf', '/etc/NetworkManager/system-connections/*', '/etc/ansible/vault_pass', '/etc/cifs-credentials'],
    ],
    any: byStranger,
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}, and not by the program that keeps its password there.`,
  advice: 'Ask the user whether it was them. If not, change the password or revoke the token.',
  benign: ['Users who look at their own settings', 'Backups: except the program in `tune`'],
  tests: {
    fires: strangers.map((by) => ({ 'open.file.path': '/home/ann/.netrc', ...by })),
    silent: [
      { 'open.file.path': '/home/ann/.npmrc', 'process.file.path': '/usr/bin/node', 'process.file.unlinked': false },
      { 'open.file.path': '/home/ann/.bashrc', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})
