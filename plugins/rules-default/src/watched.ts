/** Patterns for the file sensor: what the rules of this pack look at, and no more. Where a distribution has it elsewhere, both places. */

const each = (places: readonly string[], names: readonly string[]): readonly string[] =>
  places.flatMap((place) => names.map((name) => `${place}/${name}`))

const HOMES = ['/root', '/home/*'] as const
const UNITS = ['/etc/systemd', '/usr/lib/systemd', '/usr/local/lib/systemd'] as const
const LIBRARIES = ['/usr/lib', '/usr/lib64', '/usr/lib/*-linux-gnu*'] as const

const persistence: readonly string[] = [
  ...each(
    ['/etc'],
    ['crontab', 'anacrontab', 'cron.d/*', 'cron.hourly/*', 'cron.daily/*', 'cron.weekly/*', 'cron.monthly/*', 'periodic/*/*'],
  ),
  ...each(['/var/spool'], ['cron/*', 'cron/crontabs/*', 'cron/tabs/*', 'cron/atjobs/*', 'at/*']),
  ...each(UNITS, ['system/*', 'user/*', 'system/*.d/*', 'user/*.d/*', 'system-generators/*', 'user-generators/*']),
  ...each(HOMES, ['.config/systemd/user/*', '.local/share/systemd/user/*', '.config/autostart/*']),
  ...each(HOMES, ['.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/rc']),
  ...each(['/etc/ssh'], ['sshd_config', 'sshd_config.d/*', 'authorized_keys/*', 'sshrc']),
  ...each(
    ['/etc'],
    ['rc.local', 'rc.d/rc.local', 'rc.d/init.d/*', 'inittab', 'init.d/*', 'local.d/*', 'update-motd.d/*', 'xdg/autostart/*'],
  ),
  ...each(['/etc'], ['network/if-up.d/*', 'network/if-pre-up.d/*', 'NetworkManager/dispatcher.d/*', 'apt/apt.conf.d/*']),
  ...each(['/etc/dhcp'], ['dhclient-enter-hooks.d/*', 'dhclient-exit-hooks.d/*']),
  ...each(['/etc'], ['profile', 'profile.d/*', 'bash.bashrc', 'bashrc', 'environment', 'zshenv', 'zshrc', 'zsh/*', 'fish/config.fish']),
  ...each(['/root'], ['.bashrc', '.profile', '.bash_profile', '.bash_login', '.bash_logout', '.zshrc', '.zshenv', '.zprofile']),
  ...each(['/etc', '/usr/lib', '/usr/local/lib'], ['udev/rules.d/*']),
  ...each(['/etc', '/usr/lib'], ['modules-load.d/*']),
  ...each(['/etc'], ['modules', 'modprobe.d/*']),
]

const accounts: readonly string[] = each(
  ['/etc'],
  [
    ...['passwd', 'shadow', 'group', 'gshadow', 'sudoers', 'sudoers.d/*', 'doas.conf', 'polkit-1/rules.d/*'],
    ...['pam.conf', 'pam.d/*', 'security/pam_env.conf', 'nsswitch.conf'],
  ],
)

const system: readonly string[] = [
  ...each(['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/usr/lib/systemd', '/usr/share/polkit-1/rules.d'], ['*']),
  ...each(LIBRARIES, ['*.so', '*.so.*', 'security/*.so']),
  '/etc/ld.so.preload',
  ...each(['/etc'], ['ssl/certs/*', 'ca-certificates.conf', 'pki/ca-trust/source/**', 'ca-certificates/trust-source/**']),
  ...each(['/usr'], ['local/share/ca-certificates/**', 'share/ca-certificates/**', 'share/pki/ca-trust-source/**']),
]

const traces: readonly string[] = [
  ...each(
    ['/var/log'],
    [
      ...['auth.log*', 'secure*', 'syslog*', 'messages*', 'kern.log*', 'cron*', 'daemon.log*', 'user.log*', 'faillog', 'tallylog'],
      ...['wtmp*', 'btmp*', 'lastlog*', 'dpkg.log*', 'sudo.log*', 'audit/audit.log*', 'journal/*/*.journal'],
    ],
  ),
  ...each(HOMES, ['.bash_history', '.zsh_history', '.histfile', '.ash_history', '.sh_history', '.mysql_history', '.psql_history']),
]

/** What a sensor of changes has to watch for the rules of this pack. */
export const watched: readonly string[] = [...persistence, ...accounts, ...system, ...traces]
