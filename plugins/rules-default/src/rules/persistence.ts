import { defineRule } from '@cws/core'
import { AUTHOR, isForeign } from '../authors.ts'
import { allOf, inHomes, written, writtenAs } from '../files.ts'
import { KEY_AGENTS } from '../programs.ts'

const CRON_FOLDERS = ['d', 'hourly', 'daily', 'weekly', 'monthly'].map((name) => `/etc/cron.${name}/*`).concat('/etc/periodic/*/*')
/** By every cron and run-parts: those of Red Hat run `x.dpkg-new` and `#x`. What dpkg unpacks there is known to be its work. */
const PASSED_OVER = '/(?:\\.[^/]*|[^/]*(?:~|\\.rpm(?:save|orig|new)))$'

export const scheduledTaskChanged = defineRule({
  id: 'scheduled-task-changed',
  name: 'A scheduled task was added or changed',
  severity: 'medium',
  tags: ['mitre:T1053.003', 'mitre:T1053.002'],
  on: 'change',
  where: {
    any: [
      written('/etc/crontab', '/etc/anacrontab', '/var/spool/cron/atjobs/*', '/var/spool/at/*'),
      {
        ...written(...CRON_FOLDERS),
        none: [{ 'change.path': { regex: PASSED_OVER } }],
      },
      // What `crontab` writes before it gives it the user's name is no table of any user's.
      {
        ...writtenAs('^/var/spool/cron/(?:crontabs/|tabs/)?[^/]+$'),
        none: [{ 'change.path': ['/var/spool/cron/tmp.*', '/var/spool/cron/*/tmp.*'] }],
      },
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: what stands there runs again and again, after a restart too.`,
  advice: 'Read the file. If nobody of yours wrote it, keep a copy, remove it and look at what it has started.',
  benign: ['An administrator who plans a task', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/crontab' },
      { 'change.kind': 'created', 'change.path': '/etc/cron.d/backup', 'change.file.size': 40n },
      { 'change.kind': 'created', 'change.path': '/etc/cron.d/backup' },
      { 'change.kind': 'linked', 'change.path': '/etc/cron.hourly/x' },
      { 'change.kind': 'renamed', 'change.path': '/etc/cron.d/x.dpkg-new', 'process.package_manager': '' },
      { 'change.kind': 'modified', 'change.path': '/etc/cron.daily/#x', 'change.file.size': 9n },
      { 'change.kind': 'modified', 'change.path': '/etc/periodic/daily/x' },
      { 'change.kind': 'renamed', 'change.path': '/var/spool/cron/crontabs/root', 'process.file.path': '/usr/bin/crontab' },
      { 'change.kind': 'modified', 'change.path': '/var/spool/cron/root' },
      { 'change.kind': 'modified', 'change.path': '/etc/cron.d/x', 'process.file.path': '/tmp/dpkg', 'process.package_manager': '' },
      { 'change.kind': 'renamed', 'change.path': '/etc/cron.d/x', 'process.file.path': '/usr/bin/node', 'process.package_manager': 'npm' },
    ],
    silent: [
      { 'change.kind': 'created', 'change.path': '/etc/cron.d/new', 'change.is_directory': true },
      { 'change.kind': 'created', 'change.path': '/etc/cron.d/backup', 'change.file.size': 0n },
      { 'change.kind': 'deleted', 'change.path': '/etc/cron.d/backup' },
      { 'change.kind': 'modified', 'change.path': '/etc/cron.d/.backup.swp' },
      { 'change.kind': 'renamed', 'change.path': '/etc/cron.d/backup~' },
      { 'change.kind': 'created', 'change.path': '/etc/cron.daily/dpkg.dpkg-new', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'renamed', 'change.path': '/etc/cron.d/0hourly.rpmsave' },
      { 'change.kind': 'renamed', 'change.path': '/etc/cron.daily/dpkg', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/var/spool/cron/crontabs/tmp.x7Jd2K' },
      { 'change.kind': 'modified', 'change.path': '/etc/hosts' },
    ],
  },
})

export const systemdUnitChanged = defineRule({
  id: 'systemd-unit-changed',
  name: 'A service or timer of systemd was added or changed',
  severity: 'medium',
  tags: ['mitre:T1543.002', 'mitre:T1053.006'],
  on: 'change',
  where: {
    any: [
      writtenAs(
        '^/(?:etc|usr/lib|lib|usr/local/lib)/systemd/(?:system|user)/[^/]+\\.(?:service|timer|socket|path|mount|automount)$',
        '^/(?:etc|usr/lib|lib|usr/local/lib)/systemd/(?:system|user)/[^/]+\\.d/[^/]+\\.conf$',
        '^/(?:root|home/[^/]+)/\\.(?:config|local/share)/systemd/user/[^/]+\\.(?:service|timer|socket|path)$',
        '^/(?:etc|usr/lib|lib|usr/local/lib)/systemd/(?:system|user)(?:-environment)?-generators/[^/.][^/]*$',
      ),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: systemd runs what it names, mostly as root and at each start.`,
  advice: 'Read it: `systemctl cat` with the name of the unit. If nobody of yours wrote it, keep a copy, disable and remove it.',
  benign: ['An administrator who sets a service up', 'Configuration management', 'Software that installs its own service'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/systemd/system/update.service' },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/systemd/system/cron.service', 'process.file.path': '/usr/bin/mv' },
      { 'change.kind': 'created', 'change.path': '/etc/systemd/system/ssh.service.d/override.conf' },
      { 'change.kind': 'created', 'change.path': '/etc/systemd/system/x.timer', 'change.file.size': 14n },
      { 'change.kind': 'modified', 'change.path': '/home/ann/.config/systemd/user/x.service' },
    ],
    silent: [
      { 'change.kind': 'created', 'change.path': '/etc/systemd/system/multi-user.target.wants/cron.service' },
      { 'change.kind': 'modified', 'change.path': '/etc/systemd/system/.update.service.swp' },
      { 'change.kind': 'modified', 'change.path': '/etc/systemd/journald.conf' },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/systemd/system/cron.service', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'created', 'change.path': '/etc/systemd/system/snap.hello.mount', 'process.package_manager': 'snap' },
      { 'change.kind': 'deleted', 'change.path': '/etc/systemd/system/update.service' },
    ],
  },
})

export const sshAccessChanged = defineRule({
  id: 'ssh-access-changed',
  name: 'Who may log in by SSH was changed',
  severity: 'high',
  tags: ['mitre:T1098.004'],
  on: 'change',
  where: written(
    ...inHomes('.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/rc'),
    '/etc/ssh/sshd_config',
    '/etc/ssh/sshd_config.d/*.conf',
    '/etc/ssh/authorized_keys/*',
    '/etc/ssh/sshrc',
  ),
  when: (event) => isForeign(event, KEY_AGENTS),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it decides who gets in by SSH. A key of one's own is the commonest way to come back.`,
  advice:
    'Compare the keys with those that you know. If one is strange, remove it and look at who logged in with it (`journalctl -t sshd`).',
  benign: ['`ssh-copy-id` and other ways to add a colleague', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/root/.ssh/authorized_keys', 'process.file.path': '/usr/bin/bash' },
      { 'change.kind': 'renamed', 'change.path': '/home/ann/.ssh/authorized_keys' },
      { 'change.kind': 'linked', 'change.path': '/home/ann/.ssh/authorized_keys2' },
      { 'change.kind': 'modified', 'change.path': '/etc/ssh/sshd_config.d/10-x.conf' },
      { 'change.kind': 'modified', 'change.path': '/home/ann/.ssh/authorized_keys', 'process.package_manager': 'npm' },
      {
        'change.kind': 'modified',
        'change.path': '/root/.ssh/authorized_keys',
        'process.file.path': '/usr/bin/google_guest_agent',
        'process.file.uid': 1000,
      },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/home/ann/.ssh/known_hosts' },
      { 'change.kind': 'created', 'change.path': '/root/.ssh/authorized_keys', 'change.file.size': 0n },
      {
        'change.kind': 'modified',
        'change.path': '/root/.ssh/authorized_keys',
        'process.file.path': '/usr/bin/google_guest_agent',
        'process.file.uid': 0,
      },
      {
        'change.kind': 'renamed',
        'change.path': '/root/.ssh/authorized_keys',
        'process.file.path': '/opt/digitalocean/bin/droplet-agent',
        'process.file.uid': 0,
      },
      { 'change.kind': 'renamed', 'change.path': '/etc/ssh/sshd_config', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'attributes', 'change.path': '/root/.ssh/authorized_keys' },
    ],
  },
})

export const startupScriptChanged = defineRule({
  id: 'startup-script-changed',
  name: 'A script that runs at the start or at a login was changed',
  severity: 'medium',
  tags: ['mitre:T1037.004', 'mitre:T1547.013', 'mitre:T1546.016'],
  on: 'change',
  where: {
    any: [
      written(
        '/etc/rc.local',
        '/etc/rc.d/rc.local',
        '/etc/inittab',
        '/etc/xdg/autostart/*.desktop',
        ...inHomes('.config/autostart/*.desktop'),
      ),
      allOf(
        '/etc/init.d',
        '/etc/rc.d/init.d',
        '/etc/local.d',
        '/etc/update-motd.d',
        '/etc/network/if-up.d',
        '/etc/network/if-pre-up.d',
        '/etc/NetworkManager/dispatcher.d',
        '/etc/dhcp/dhclient-enter-hooks.d',
        '/etc/dhcp/dhclient-exit-hooks.d',
        '/etc/apt/apt.conf.d',
      ),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it runs at the next start, login or change of the network, mostly as root.`,
  advice: 'Read the file. If nobody of yours wrote it, keep a copy and remove it before the host is restarted.',
  benign: ['An administrator who sets the host up', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/rc.local' },
      { 'change.kind': 'created', 'change.path': '/etc/init.d/x', 'change.file.size': 9n },
      { 'change.kind': 'renamed', 'change.path': '/etc/update-motd.d/00-header' },
      { 'change.kind': 'modified', 'change.path': '/home/ann/.config/autostart/x.desktop' },
      { 'change.kind': 'modified', 'change.path': '/etc/apt/apt.conf.d/99x' },
    ],
    silent: [
      { 'change.kind': 'created', 'change.path': '/etc/rc2.d/S01cron' },
      { 'change.kind': 'modified', 'change.path': '/etc/init.d/.depend.start' },
      { 'change.kind': 'renamed', 'change.path': '/etc/init.d/cron', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/etc/motd' },
    ],
  },
})

export const shellProfileChanged = defineRule({
  id: 'shell-profile-changed',
  name: 'What every shell runs was changed',
  severity: 'medium',
  tags: ['mitre:T1546.004'],
  on: 'change',
  where: written(
    '/etc/profile',
    '/etc/profile.d/*.sh',
    '/etc/bash.bashrc',
    '/etc/bashrc',
    '/etc/environment',
    '/etc/zshenv',
    '/etc/zshrc',
    '/etc/zsh/*',
    '/etc/fish/config.fish',
    '/root/.bashrc',
    '/root/.profile',
    '/root/.bash_profile',
    '/root/.bash_login',
    '/root/.bash_logout',
    '/root/.zshrc',
    '/root/.zshenv',
    '/root/.zprofile',
  ),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: shells of all users, or of root, run it when they start.`,
  advice: 'Read its last lines, and those that set PATH or an alias. If nobody of yours wrote them, remove them and log in anew.',
  benign: ['An administrator who sets up a shell', 'Installers that add themselves to PATH'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/profile' },
      { 'change.kind': 'created', 'change.path': '/etc/profile.d/x.sh', 'change.file.size': 5n },
      { 'change.kind': 'renamed', 'change.path': '/root/.bashrc', 'process.file.path': '/usr/bin/sed' },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/root/.bash_history' },
      { 'change.kind': 'modified', 'change.path': '/etc/profile.d/.x.sh.swp' },
      { 'change.kind': 'renamed', 'change.path': '/etc/bash.bashrc', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/home/ann/.bashrc' },
    ],
  },
})

export const deviceRuleChanged = defineRule({
  id: 'device-rule-changed',
  name: 'A rule of udev or the list of kernel modules was changed',
  severity: 'medium',
  tags: ['mitre:T1546.017', 'mitre:T1547.006'],
  on: 'change',
  where: written(
    '/etc/udev/rules.d/*.rules',
    '/usr/lib/udev/rules.d/*.rules',
    '/lib/udev/rules.d/*.rules',
    '/usr/local/lib/udev/rules.d/*.rules',
    '/etc/modules',
    '/etc/modules-load.d/*.conf',
    '/usr/lib/modules-load.d/*.conf',
    '/etc/modprobe.d/*.conf',
  ),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it names programs that run, or modules that are loaded, when a device appears or the host starts.`,
  advice: 'Look for RUN, IMPORT and PROGRAM in rules of udev, for install lines in those of modprobe.',
  benign: ['An administrator who names a device', 'Drivers that come with an installer of their own'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/udev/rules.d/75-x.rules' },
      { 'change.kind': 'created', 'change.path': '/etc/modules-load.d/x.conf', 'change.file.size': 3n },
    ],
    silent: [
      { 'change.kind': 'created', 'change.path': '/usr/lib/udev/rules.d/60-x.rules.dpkg-new' },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/udev/rules.d/60-x.rules', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'deleted', 'change.path': '/etc/modules' },
    ],
  },
})
