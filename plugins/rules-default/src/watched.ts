/** Patterns for the file sensor: what the rules of this pack look at, and no more. Where a distribution has it elsewhere, both places. */

const each = (places: readonly string[], names: readonly string[]): readonly string[] =>
  places.flatMap((place) => names.map((name) => `${place}/${name}`))

const HOMES = ['/root', '/home/*'] as const
const UNITS = ['/etc/systemd', '/usr/lib/systemd', '/usr/local/lib/systemd'] as const
const LIBRARIES = ['/usr/lib', '/usr/lib64', '/usr/lib/*-linux-gnu*'] as const

/** In its own folder, and in those of packages. */
const PYTHON = ['', 'dist-packages/', 'site-packages/'].flatMap((folder) =>
  ['sitecustomize.py', 'usercustomize.py'].map((name) => folder + name),
)

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
  ...each(['/etc/python3*'], ['sitecustomize.py']),
  ...each(['/usr/lib/python3*', '/usr/lib64/python3*', '/usr/local/lib/python3*'], PYTHON),
  ...each(['/etc'], ['ld.so.conf', 'ld.so.conf.d/*.conf', 'kernel/preinst.d/*', 'kernel/postinst.d/*']),
  ...each(
    ['/etc'],
    ['apt/apt.conf', 'dpkg/dpkg.cfg', 'dpkg/dpkg.cfg.d/*', 'yum.conf', 'yum/pluginconf.d/*', 'dnf/dnf.conf', 'dnf/plugins/*'],
  ),
  ...each(['/etc'], ['apt/sources.list', 'apt/sources.list.d/*', 'apt/trusted.gpg.d/*', 'apt/keyrings/*', 'yum.repos.d/*.repo']),
  ...each(['/etc'], ['apk/repositories', 'pacman.conf', 'pacman.d/mirrorlist', 'pacman.d/hooks/*.hook']),
  ...each(['/var/lib/dpkg/info'], ['*.preinst', '*.postinst', '*.prerm', '*.postrm']),
  ...each(['/boot'], ['vmlinuz*', 'initrd*', 'initramfs*', 'grub/grub.cfg', 'grub2/grub.cfg', 'loader/loader.conf']),
  ...each(['/etc'], ['default/grub', 'default/grub.d/*', 'dracut.conf', 'dracut.conf.d/*']),
  ...each(['/etc/initramfs-tools'], ['modules', 'hooks/*', 'scripts/init-top/*']),
  ...each(
    ['/etc/kubernetes/manifests', '/var/lib/rancher/*/agent/pod-manifests', '/var/lib/rancher/*/server/manifests'],
    ['*.yaml', '*.yml', '*.json'],
  ),
  ...each(['/home/*'], ['.bashrc', '.profile', '.bash_profile', '.bash_login', '.bash_logout', '.zshrc', '.zshenv', '.zprofile']),
  ...each(HOMES, ['.bash_aliases', '.config/fish/config.fish', '.xprofile', '.xsessionrc']),
  '/etc/skel/.*',
  ...each(HOMES, ['.ssh/config', '.rhosts', '.shosts', '.k5login']),
  ...each(['/etc'], ['ssh/ssh_config', 'ssh/ssh_config.d/*.conf', 'ssh/ssh_known_hosts', 'ssh/shosts.equiv', 'hosts.equiv', 'hosts']),
]

/** What root runs by itself. */
const hooks: readonly string[] = [
  ...each(['/etc'], ['logrotate.conf', 'logrotate.d/*', 'inetd.conf', 'xinetd.d/*', 'sudo.conf', 'ppp/ip-up.d/*', 'ppp/ip-down.d/*']),
  ...each(['/etc'], ['networkd-dispatcher/routable.d/*', 'networkd-dispatcher/off.d/*', 'acpi/events/*']),
  ...each(['/etc', '/usr/lib'], ['tmpfiles.d/*.conf', 'binfmt.d/*.conf']),
  ...each(['/usr'], ['share/dbus-1/system-services/*.service', 'lib/systemd/system-sleep/*', 'lib/systemd/system-shutdown/*']),
  '/var/lib/cloud/scripts/per-boot/*',
]

/** As deep as applications mostly put their scripts: whole trees of uploads and caches are not watched. */
const webRoots: readonly string[] = each(
  ['/var/www', '/srv/www', '/srv/http', '/usr/share/nginx', '/var/lib/tomcat*/webapps', '/opt/tomcat/webapps'],
  ['*', '*/*', '*/*/*', '*/*/*/*'].flatMap((depth) =>
    ['php', 'phtml', 'phar', 'jsp', 'jspx', 'war', 'cgi'].map((kind) => `${depth}.${kind}`),
  ),
)

const defences: readonly string[] = [
  ...each(['/etc/audit'], ['auditd.conf', 'audit.rules', 'rules.d/*.rules']),
  ...each(
    ['/etc'],
    ['rsyslog.conf', 'rsyslog.d/*.conf', 'syslog-ng/syslog-ng.conf', 'systemd/journald.conf', 'systemd/journald.conf.d/*.conf'],
  ),
  ...each(
    ['/etc'],
    [
      'selinux/config',
      'apparmor.d/*',
      'apparmor.d/disable/*',
      'apparmor.d/local/*',
      'fapolicyd/fapolicyd.conf',
      'fapolicyd/fapolicyd.rules',
    ],
  ),
  '/etc/cws/*',
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
export const watched: readonly string[] = [...persistence, ...hooks, ...accounts, ...system, ...defences, ...webRoots, ...traces]
