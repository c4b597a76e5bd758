import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { SECURITY_TOOLS, SHELL_PROGRAMS, SHELLS } from '../names.ts'

/** Signals by which a daemon is told to read its settings, or whether it lives. */
const HARMLESS = '(?:^|\\s)-(?:s\\s*|-signal[\\s=])?(?:SIG)?(?:HUP|USR[12]|CONT|WINCH|0|1|10|12|18|28)(?:\\s|$)'
const KILLER = '(?:^|/)(?:pkill|killall5?|skill)$'

export const securityToolKilled = defineRule({
  id: 'security-tool-killed',
  name: 'A security tool was killed by its name',
  severity: 'medium',
  tags: ['mitre:T1562.001'],
  on: 'exec',
  where: {
    any: [
      // `pkill` is a link to `pgrep` on some distributions.
      {
        'exec.file.name': ['pkill', 'pgrep', 'killall', 'skill', 'busybox'],
        'exec.argv0': { regex: KILLER },
        'exec.args': { regex: `\\b(?:${SECURITY_TOOLS})\\b` },
      },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*kill*'] },
          {
            'exec.args': {
              regex: `\\bkill\\b[^;|&]*(?:\\$\\(|\`)\\s*(?:pidof|pgrep)\\b[^)\`]*\\b(?:${SECURITY_TOOLS})\\b|\\b(?:pidof|pgrep)\\b[^;|&]*\\b(?:${SECURITY_TOOLS})\\b[^;&]*\\|\\s*xargs\\b[^;|&]*\\bkill\\b`,
            },
          },
        ],
      },
    ],
    none: [{ 'exec.args': { regex: HARMLESS } }],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN} ends a tool that watches or protects this host, past the service manager that would start it again.`,
  advice: 'Ask the user whether it was them, start the tool again (`systemctl restart`), and look at what was done since.',
  benign: ['An administrator who ends a tool that hangs'],
  tests: {
    fires: [
      { 'exec.file.name': 'pgrep', 'exec.argv0': 'pkill', 'exec.args': '-9 auditd' },
      { 'exec.file.name': 'killall', 'exec.argv0': '/usr/bin/killall', 'exec.args': 'rsyslogd', 'process.package_manager': '' },
      { 'exec.file.name': 'busybox', 'exec.argv0': 'pkill', 'exec.args': '-f falco' },
      { 'exec.file.name': 'dash', 'exec.argv0': 'sh', 'exec.args': '-c kill -9 $(pidof wazuh-agentd)' },
      { 'exec.file.name': 'bash', 'exec.argv0': 'bash', 'exec.args': '-c pgrep -f osqueryd | xargs kill' },
    ],
    silent: [
      { 'exec.file.name': 'pgrep', 'exec.argv0': 'pgrep', 'exec.args': '-x auditd' },
      { 'exec.file.name': 'pgrep', 'exec.argv0': 'pkill', 'exec.args': '-HUP rsyslogd' },
      { 'exec.file.name': 'killall', 'exec.argv0': 'killall', 'exec.args': '-s USR1 auditd' },
      { 'exec.file.name': 'pgrep', 'exec.argv0': 'pkill', 'exec.args': '-f server.js' },
      { 'exec.file.name': 'dash', 'exec.argv0': 'sh', 'exec.args': '-c kill -HUP $(pidof rsyslogd)' },
      { 'exec.file.name': 'pgrep', 'exec.argv0': 'pkill', 'exec.args': 'auditd', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const securityToolRemoved = defineRule({
  id: 'security-tool-removed',
  name: 'A security tool is being removed',
  severity: 'medium',
  tags: ['mitre:T1562.001'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'apt',
          'apt-get',
          'aptitude',
          'dpkg',
          'yum',
          'dnf',
          'dnf-3',
          'dnf5',
          'microdnf',
          'rpm',
          'zypper',
          'apk',
          'pacman',
        ],
        all: [
          {
            'exec.args': { regex: '(?:^|\\s)(?:remove|purge|autoremove|erase|del|rm|-e|--erase|-r|-P|--remove|--purge|-R[a-z]*)(?:\\s|$)' },
          },
          { 'exec.args': { regex: `(?:^|\\s)(?:${SECURITY_TOOLS})(?:[:\\s*]|$)` } },
        ],
      },
      { 'exec.file.name': 'snap', 'exec.args': { regex: `^(?:remove|disable)\\s.*\\b(?:${SECURITY_TOOLS})\\b` } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} removes a tool that watches or protects this host. Miners remove those of cloud providers before anything else.`,
  advice: 'Ask the user whether it was them. If not, install it again, and look at what was done since.',
  benign: ['An administrator who replaces one tool by another'],
  tests: {
    fires: [
      { 'exec.file.name': 'apt-get', 'exec.args': 'purge -y auditd' },
      { 'exec.file.name': 'rpm', 'exec.args': '-e falcon-sensor' },
      { 'exec.file.name': 'dpkg', 'exec.args': '--purge wazuh-agent', 'process.package_manager': 'dpkg' },
      { 'exec.file.name': 'dnf', 'exec.args': 'remove osquery' },
    ],
    silent: [
      { 'exec.file.name': 'apt-get', 'exec.args': 'install -y auditd' },
      { 'exec.file.name': 'apt-get', 'exec.args': 'purge -y redis-server' },
      { 'exec.file.name': 'rpm', 'exec.args': '-q falcon-sensor' },
      { 'exec.file.name': 'snap', 'exec.args': 'remove hello' },
    ],
  },
})

/** Typed or by a script: what runs containers and virtual machines loads and unloads profiles of its own. */
const BY_HAND = [...SHELLS, 'busybox', 'sudo', 'sudo-rs', 'doas', 'su'] as const

export const confinementSwitchedOff = defineRule({
  id: 'confinement-switched-off',
  name: 'What confines programs of this host was switched off',
  severity: 'medium',
  tags: ['mitre:T1562.001'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['aa-teardown', 'aa-disable', 'aa-complain'] },
      {
        'exec.file.name': 'apparmor_parser',
        'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*R[a-zA-Z]*|--remove)(?:\\s|$)' },
        'process.parent.file.name': BY_HAND,
      },
      { 'exec.file.name': 'semodule', 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*d[a-zA-Z]*|--disable)[\\s=]' } },
      { 'exec.file.name': 'semanage', 'exec.args': { regex: '^permissive\\s+(?:-a|--add)' } },
      { 'exec.file.name': 'mokutil', 'exec.args': { regex: '--disable-validation' } },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*/selinux/*', '*/apparmor/*'] },
          {
            'exec.args': {
              regex: '\\b0\\s*["\']?\\s*>\\s*(?:/sys/fs)?/selinux/enforce|>\\s*/sys/kernel/security/apparmor/(?:profiles/)?\\.remove',
            },
          },
        ],
      },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} takes AppArmor, SELinux or the check of what may start away from programs that they held back.`,
  advice: 'Ask the user whether it was them. If not, load the profiles again (`systemctl reload apparmor`, `setenforce 1`).',
  benign: ['An administrator who looks for what a profile forbids'],
  tests: {
    fires: [
      { 'exec.file.name': 'aa-teardown', 'exec.args': '' },
      { 'exec.file.name': 'apparmor_parser', 'exec.args': '-R /etc/apparmor.d/usr.sbin.mysqld', 'process.parent.file.name': 'bash' },
      { 'exec.file.name': 'semanage', 'exec.args': 'permissive -a httpd_t', 'process.package_manager': '' },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo 0 > /sys/fs/selinux/enforce' },
    ],
    silent: [
      { 'exec.file.name': 'apparmor_parser', 'exec.args': '-RWL /var/cache/lxd x', 'process.parent.file.name': 'lxd' },
      { 'exec.file.name': 'apparmor_parser', 'exec.args': '-r /etc/apparmor.d/x', 'process.parent.file.name': 'bash' },
      { 'exec.file.name': 'semodule', 'exec.args': '-i x.pp' },
      { 'exec.file.name': 'semanage', 'exec.args': 'port -a -t http_port_t -p tcp 81' },
      { 'exec.file.name': 'semodule', 'exec.args': '-d x', 'process.package_manager': 'rpm' },
      { 'exec.file.name': 'bash', 'exec.args': '-c cat /sys/fs/selinux/enforce' },
    ],
  },
})
