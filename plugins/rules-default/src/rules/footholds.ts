import { defineRule } from '@cws/core'
import { AUTHOR, isForeign, isPackaged, RAN } from '../authors.ts'
import { allOf, written } from '../files.ts'
import { SHELL_PROGRAMS } from '../names.ts'
import { KEY_AGENTS } from '../programs.ts'

/** What leaves a way back in, or up, that no other rule of the pack is about. */

/** `4755`, `06755`; `u+s`, `+s`, `ug=rxs`. That of groups alone is common on folders. */
const SET_UID = '(?:0*[4-7][0-7]{3}|(?:\\S*,)?(?:[ug]*u[ug]*|a|)[+=][rwxXt]*s\\S*)'

export const setIdBitGiven = defineRule({
  id: 'set-id-bit-given',
  name: 'A program was told to run with the rights of its owner',
  severity: 'medium',
  tags: ['mitre:T1548.001', 'mitre:T1222.002'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['chmod', 'busybox', 'coreutils'],
        'exec.args': { regex: `^(?:chmod )?(?:-[cfvR]+ |--\\S+ )*${SET_UID}\\s+\\S` },
      },
      { 'exec.file.name': ['install', 'coreutils'], 'exec.args': { regex: `(?:^|\\s)(?:-[a-zA-Z]*m\\s*|--mode[\\s=])${SET_UID}\\s` } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN} sets the set-uid bit, wherever the file lies: whoever runs it has the rights of its owner. A shell with that bit is a door to root.`,
  advice: 'See what the file is and whom it belongs to. If it is not yours, take the bit away (`chmod u-s`) and keep a copy.',
  benign: ['Software that is installed by hand', 'An administrator who repairs permissions'],
  tests: {
    fires: [
      { 'exec.file.name': 'chmod', 'exec.args': 'u+s /tmp/x' },
      { 'exec.file.name': 'chmod', 'exec.args': '+s /home/ann/.x', 'process.package_manager': '' },
      { 'exec.file.name': 'chmod', 'exec.args': '-v 06755 /opt/x' },
      { 'exec.file.name': 'busybox', 'exec.args': 'chmod 4777 /tmp/x' },
      { 'exec.file.name': 'install', 'exec.args': '-o root -m 4755 x /usr/local/bin/x' },
    ],
    silent: [
      { 'exec.file.name': 'chmod', 'exec.args': '755 /usr/local/bin/x' },
      { 'exec.file.name': 'chmod', 'exec.args': 'g+s /srv/shared' },
      { 'exec.file.name': 'chmod', 'exec.args': '2775 /srv/shared' },
      { 'exec.file.name': 'chmod', 'exec.args': 'u-s /usr/bin/x' },
      { 'exec.file.name': 'chmod', 'exec.args': '+x build.s' },
      { 'exec.file.name': 'chmod', 'exec.args': '1777 /tmp' },
      { 'exec.file.name': 'chmod', 'exec.args': '4755 /usr/bin/x', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const shellCopied = defineRule({
  id: 'shell-copied',
  name: 'A shell was copied to where it is not looked for',
  severity: 'medium',
  tags: ['mitre:T1036.003', 'mitre:T1548.001'],
  on: 'exec',
  where: {
    'exec.file.name': ['cp', 'install', 'mv', 'busybox', 'coreutils'],
    'exec.args': {
      regex:
        '^(?:cp |mv |install )?(?:-[a-zA-Z]+ |--\\S+ )*(?:/usr)?/bin/(?:(?:ba|rba|da|z|k|mk)?sh|busybox)\\s+(?:(?:/tmp|/var/tmp|/dev/shm)(?:/[^/\\s]*)?|/\\S*/\\.[^/\\s]+)$',
    },
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} puts a copy of a shell where all can write, or where its name hides it: with another owner or a set-uid bit it is a way back to root, and by another name no rule knows it.`,
  advice: 'Look at the copy: whom it belongs to, what its rights are, who ran it. Remove it if it is none of yours.',
  benign: ['Somebody who makes a root file system by hand'],
  tests: {
    fires: [
      { 'exec.file.name': 'cp', 'exec.args': '/bin/bash /tmp/.x' },
      { 'exec.file.name': 'cp', 'exec.args': '-p /usr/bin/dash /var/tmp/kworker', 'process.package_manager': '' },
      { 'exec.file.name': 'install', 'exec.args': '-D /bin/sh /usr/local/lib/.cache' },
      { 'exec.file.name': 'busybox', 'exec.args': 'cp /bin/busybox /dev/shm/' },
    ],
    silent: [
      { 'exec.file.name': 'cp', 'exec.args': '-pP /usr/bin/dash /var/tmp/mkinitramfs_a1/usr/bin/dash' },
      { 'exec.file.name': 'cp', 'exec.args': '/bin/bash /srv/root/bin/bash' },
      { 'exec.file.name': 'cp', 'exec.args': '/bin/ls /tmp/x' },
      { 'exec.file.name': 'cp', 'exec.args': 'build.sh /tmp/x' },
      { 'exec.file.name': 'cp', 'exec.args': '/bin/sh /tmp/x', 'process.package_manager': 'dpkg' },
    ],
  },
})

/** Users whom nobody is: those of services and of the distribution itself. */
const SERVICE_USERS =
  'daemon|bin|sys|sync|games|man|lp|mail|news|uucp|proxy|www-data|list|irc|gnats|nobody|apache|nginx|http|mysql|redis|mongodb|memcache|ftp|sshd|systemd-\\w+|messagebus|dbus|_apt|ntp|named|bind|polkitd|halt|shutdown|tomcat\\d*'
const A_SHELL = '(?:/usr(?:/local)?)?/bin/(?:ba|rba|da|z|k|mk|fi)?sh'

export const loginShellGiven = defineRule({
  id: 'login-shell-given-to-service',
  name: 'An account of a service was given a shell or a password',
  severity: 'medium',
  tags: ['mitre:T1098', 'mitre:T1078.003'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['usermod', 'chsh'],
        all: [
          { 'exec.args': { regex: `(?:^|\\s)(?:-[a-zA-Z]*s|--shell)[\\s=]+${A_SHELL}(?:\\s|$)` } },
          { 'exec.args': { regex: `\\s(?:${SERVICE_USERS})$` } },
        ],
      },
      { 'exec.file.name': ['passwd', 'usermod'], 'exec.args': { regex: `^(?:(?:-[uU]|--unlock)\\s+)?(?:${SERVICE_USERS})$` } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN}: nobody logs in as this user, which is there for a service alone. With a shell and a password it is an account that nobody looks at.`,
  advice: 'Take it back: `usermod -s /usr/sbin/nologin -L` with the name. See who has logged in as that user since.',
  benign: ['An administrator who tries something as the service'],
  tests: {
    fires: [
      { 'exec.file.name': 'usermod', 'exec.args': '-s /bin/bash www-data' },
      { 'exec.file.name': 'chsh', 'exec.args': '--shell=/bin/sh nobody', 'process.package_manager': '' },
      { 'exec.file.name': 'passwd', 'exec.args': 'games' },
      { 'exec.file.name': 'usermod', 'exec.args': '-U nobody' },
    ],
    silent: [
      { 'exec.file.name': 'usermod', 'exec.args': '-s /bin/zsh ann' },
      { 'exec.file.name': 'usermod', 'exec.args': '-s /usr/sbin/nologin www-data' },
      { 'exec.file.name': 'chsh', 'exec.args': '-s /usr/bin/fish' },
      { 'exec.file.name': 'passwd', 'exec.args': '-l games' },
      { 'exec.file.name': 'usermod', 'exec.args': '-s /bin/sh games', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const rootPasswordSet = defineRule({
  id: 'root-password-set-by-command',
  name: 'The password of root was set by a command',
  severity: 'medium',
  tags: ['mitre:T1098', 'mitre:T1531'],
  on: 'exec',
  where: {
    'container.id': '',
    any: [
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*chpasswd*', '*passwd*--stdin*'] },
          {
            'exec.args': {
              regex:
                '\\broot:[^|;]*\\|\\s*(?:sudo\\s+(?:-\\S+\\s+)*)?(?:\\S*/)?chpasswd|\\bpasswd\\s+(?:--stdin\\s+root|root\\s+--stdin)\\b',
            },
          },
        ],
      },
      { 'exec.file.name': 'usermod', 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*p|--password)[\\s=]+\\S+\\s+root$' } },
      { 'exec.file.name': 'passwd', 'exec.args': { regex: '(?:^|\\s)--stdin\\s+root$|^root\\s+--stdin' } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['process.sid', 'process.user'],
  message: `${RAN} gives root a password that stands in the command: whoever wrote it knows it, and locks others out.`,
  advice: 'Ask the user whether it was them. If not, set another from the console, and see who has logged in as root since.',
  benign: ['Set-up of machines and images'],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.args': '-c echo root:x | chpasswd', 'container.id': '' },
      {
        'exec.file.name': 'bash',
        'exec.args': '-c echo "root:x" | sudo -n /usr/sbin/chpasswd',
        'container.id': '',
        'process.package_manager': '',
      },
      { 'exec.file.name': 'usermod', 'exec.args': '-p $6$a$b root', 'container.id': '' },
    ],
    silent: [
      { 'exec.file.name': 'dash', 'exec.args': '-c echo root:x | chpasswd', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'dash', 'exec.args': '-c echo ann:x | chpasswd', 'container.id': '' },
      { 'exec.file.name': 'usermod', 'exec.args': '-p $6$a$b ann', 'container.id': '' },
      { 'exec.file.name': 'chpasswd', 'exec.args': '', 'container.id': '' },
    ],
  },
})

export const accountOverBus = defineRule({
  id: 'account-made-over-bus',
  name: 'An account was made or changed over the message bus',
  severity: 'medium',
  tags: ['mitre:T1136.001', 'mitre:T1068'],
  on: 'exec',
  where: {
    'exec.file.name': ['dbus-send', 'gdbus', 'busctl', 'qdbus'],
    'exec.args': { regex: 'org\\.freedesktop\\.Accounts\\b.*(?:CreateUser|SetPassword\\b|SetAccountType)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} asks the accounts service for an administrator past the tools that people use. A hole of polkit (CVE-2021-3560) lets anybody do so.`,
  advice: 'See whether the account is there (`getent passwd`), and whether polkit is patched.',
  benign: ['Scripts that set up desktops'],
  tests: {
    fires: [
      {
        'exec.file.name': 'dbus-send',
        'exec.args':
          '--system --dest=org.freedesktop.Accounts --print-reply /org/freedesktop/Accounts org.freedesktop.Accounts.CreateUser string:x string:x int32:1',
      },
      {
        'exec.file.name': 'busctl',
        'exec.args': 'call org.freedesktop.Accounts /org/freedesktop/Accounts org.freedesktop.Accounts CreateUser ssi x x 1',
      },
    ],
    silent: [
      {
        'exec.file.name': 'busctl',
        'exec.args': 'call org.freedesktop.Accounts /org/freedesktop/Accounts org.freedesktop.Accounts ListCachedUsers',
      },
      { 'exec.file.name': 'dbus-send', 'exec.args': '--session --dest=org.freedesktop.Notifications /x org.x.CreateUser' },
    ],
  },
})

export const lingeringEnabled = defineRule({
  id: 'lingering-enabled',
  name: 'Services of a user run without a login from now on',
  severity: 'low',
  tags: ['mitre:T1543.002'],
  on: 'exec',
  where: { 'exec.file.name': 'loginctl', 'exec.args': { regex: '(?:^|\\s)enable-linger(?:\\s|$)' } },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.user', 'exec.args'],
  message: `${RAN}: what stands in \`~/.config/systemd/user\` of that user runs from the start of the host on, without root having had a part in it.`,
  advice: 'Look at the units of the user: `systemctl --user list-unit-files`. `loginctl disable-linger` takes it back.',
  benign: ['Containers without root, and users with services of their own'],
  tests: {
    fires: [{ 'exec.file.name': 'loginctl', 'exec.args': 'enable-linger ann', 'process.package_manager': '' }],
    silent: [
      { 'exec.file.name': 'loginctl', 'exec.args': 'disable-linger ann' },
      { 'exec.file.name': 'loginctl', 'exec.args': 'list-sessions' },
    ],
  },
})

export const rootHookChanged = defineRule({
  id: 'root-hook-changed',
  name: 'What the system runs by itself was changed',
  severity: 'medium',
  tags: ['mitre:T1037', 'mitre:T1546', 'mitre:T1543'],
  on: 'change',
  where: {
    any: [
      written(
        '/etc/logrotate.conf',
        '/etc/inetd.conf',
        '/etc/sudo.conf',
        '/etc/tmpfiles.d/*.conf',
        '/usr/lib/tmpfiles.d/*.conf',
        '/etc/binfmt.d/*.conf',
        '/usr/lib/binfmt.d/*.conf',
        '/usr/share/dbus-1/system-services/*.service',
        '/usr/lib/systemd/system-sleep/*',
        '/usr/lib/systemd/system-shutdown/*',
        '/var/lib/cloud/scripts/per-boot/*',
      ),
      allOf(
        '/etc/logrotate.d',
        '/etc/xinetd.d',
        '/etc/ppp/ip-up.d',
        '/etc/ppp/ip-down.d',
        '/etc/networkd-dispatcher/routable.d',
        '/etc/networkd-dispatcher/off.d',
        '/etc/acpi/events',
      ),
    ],
  },
  when: (event) => isForeign(event, KEY_AGENTS),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it names what root runs when logs are rotated, the host starts or sleeps, a connection or a request comes. Fewer people look here than at cron.`,
  advice: 'Read the file: `postrotate`, `Exec=`, `server`, lines that make files. If nobody of yours wrote it, keep a copy and remove it.',
  benign: ['An administrator who sets up a service', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/logrotate.d/nginx' },
      { 'change.kind': 'created', 'change.path': '/etc/tmpfiles.d/x.conf', 'change.file.size': 30n },
      { 'change.kind': 'renamed', 'change.path': '/usr/share/dbus-1/system-services/org.x.service', 'process.package_manager': '' },
      { 'change.kind': 'modified', 'change.path': '/etc/inetd.conf' },
      { 'change.kind': 'linked', 'change.path': '/usr/lib/systemd/system-sleep/x' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/logrotate.d/nginx', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/etc/logrotate.d/nginx.dpkg-old' },
      { 'change.kind': 'created', 'change.path': '/etc/tmpfiles.d/x.conf', 'change.file.size': 0n },
      {
        'change.kind': 'created',
        'change.path': '/var/lib/cloud/scripts/per-boot/01',
        'change.file.size': 9n,
        'process.file.path': '/usr/bin/cloud-init',
      },
      { 'change.kind': 'modified', 'change.path': '/var/lib/logrotate/status' },
    ],
  },
})
