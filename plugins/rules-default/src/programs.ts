/**
 * Programs of which rules make an exception, by full path: in folders where only root can write. Each stands wherever a distribution may have it.
 * `within('/usr/bin', 'su sudo')` is `/usr/bin/su` and `/usr/bin/sudo`.
 */
const within = (folders: string, names: string): readonly string[] =>
  folders.split(' ').flatMap((folder) => names.split(/\s+/).map((name) => `${folder}/${name}`))

const BIN = '/usr/bin /bin /usr/sbin /sbin'
const SYSTEMD = '/usr/lib/systemd /lib/systemd'
const OPENSSH = '/usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh'

/** What accounts are managed with. */
export const ACCOUNT_TOOLS: readonly string[] = [
  ...within(BIN, 'useradd usermod userdel groupadd groupmod groupdel groupmems adduser addgroup deluser delgroup newusers vipw vigr pwck'),
  ...within(BIN, 'grpck pwconv pwunconv grpconv grpunconv chpasswd chgpasswd luseradd lusermod lchage passwd chage chfn chsh gpasswd'),
  ...within(BIN, 'systemd-sysusers homectl unix_update'),
  ...within(SYSTEMD, 'systemd-homed'),
  ...within('/usr/lib/accountsservice /usr/libexec', 'accounts-daemon'),
]

/** Where people log in: whose password has expired is asked for a new one there, and PAM writes it for the program (pam_unix of Linux-PAM, `/etc/nshadow`). */
export const PASSWORD_CHANGERS: readonly string[] = [
  ...within(BIN, 'sshd login su su-rs sudo sddm lightdm gdm3 xrdp-sesman greetd'),
  ...within(OPENSSH, 'sshd-session sshd-auth'),
  ...within('/usr/libexec /usr/lib/gdm3 /usr/lib/cockpit', 'gdm-session-worker sddm-helper cockpit-session'),
]

/** What checks passwords, or starts others as another user. */
export const AUTHENTICATORS: readonly string[] = [
  ...ACCOUNT_TOOLS,
  ...within(BIN, 'login su sudo sudoedit sudo-rs su-rs doas newgrp sg expiry unix_chkpwd sshd cron crond atd crontab at agetty sulogin'),
  ...within(
    BIN,
    'runuser pkexec nscd nslcd sssd vlock dovecot saslauthd vsftpd proftpd smbd cupsd xrdp-sesman lightdm gdm3 sddm userdbctl',
  ),
  ...within(OPENSSH, 'sshd-session sshd-auth'),
  ...within(SYSTEMD, 'systemd systemd-executor systemd-userdbd systemd-userwork systemd-logind'),
  ...within('/usr/lib/policykit-1 /usr/lib/polkit-1', 'polkit-agent-helper-1'),
  ...within('/usr/libexec /usr/lib/gdm3', 'gdm-session-worker sddm-helper'),
  ...within('/usr/libexec/sssd', 'proxy_child sssd_pam'),
  ...within('/usr/libexec /usr/lib/cockpit', 'cockpit-session polkit-agent-helper-1'),
  ...within(BIN, 'greetd systemd-firstboot pwhistory_helper freeradius radiusd slock'),
  ...within('/usr/libexec/xscreensaver /usr/lib/squid /usr/lib64/squid', 'xscreensaver-auth basic_pam_auth'),
  ...within('/usr/lib/mysql/plugin/auth_pam_tool_dir /usr/lib64/mariadb/plugin/auth_pam_tool_dir', 'auth_pam_tool'),
  ...within('/usr/lib/dovecot /usr/libexec/dovecot', 'auth'),
  // Of Debian's PostgreSQL. They are written in Perl, whose `getpwnam` reads the hashes as well, for root.
  ...within('/usr/bin', 'pg_createcluster pg_ctlcluster pg_dropcluster pg_lsclusters pg_renamecluster pg_upgradecluster'),
  ...within('/usr/share/postgresql-common', 'pg_wrapper'),
]

/** They compare the files of accounts with their copies once a day, below what runs each day's tasks. */
export const COPIERS: readonly string[] = within(BIN, 'cp cmp chmod chown coreutils')
export const DAILY: readonly string[] = [...within(BIN, 'run-parts anacron'), '/usr/libexec/dpkg/dpkg-db-backup']

export const SSH: readonly string[] = [
  ...within(`${BIN} /usr/local/bin /usr/local/sbin`, 'ssh ssh-add ssh-agent ssh-keygen ssh-keyscan sshd scp sftp gnome-keyring-daemon'),
  ...within(OPENSSH, 'ssh-keysign sshd-session sshd-auth sshd-keygen'),
  ...within('/usr/libexec', 'gcr-ssh-agent'),
]

export const SUDO: readonly string[] = within(BIN, 'sudo sudoedit visudo cvtsudoers sudo-rs visudo-rs')

/** Keys of who may log in are theirs to write, on hosts in a cloud. */
export const KEY_AGENTS: readonly string[] = [
  ...within(BIN, 'google_guest_agent google_guest_agent_manager cloud-init waagent'),
  ...within('/opt/digitalocean/bin', 'droplet-agent'),
]

/** They become another user for whoever asks and may. */
export const USER_SWITCHERS: readonly string[] = within(BIN, 'sudo sudo-rs su su-rs runuser doas pkexec')

/** What fetches and renews certificates. */
export const CERTIFIERS: readonly string[] = within(`${BIN} /usr/local/bin`, 'certbot dehydrated lego getssl')

/** They put links into folders of the system, and that is all they do. */
export const LINKERS: readonly string[] = within(BIN, 'ldconfig ldconfig.real update-alternatives alternatives')

/** Rotation: the old log goes, a new one comes. Those below are its scripts. */
export const ROTATORS: readonly string[] = within(BIN, 'logrotate savelog newsyslog systemd-tmpfiles')

export const LOGGERS: readonly string[] = [...within(BIN, 'rsyslogd syslog-ng syslogd auditd'), ...within(SYSTEMD, 'systemd-journald')]

/** Whoever lets somebody in, or out, writes it down. */
export const LOGIN_PROGRAMS: readonly string[] = [
  ...within(
    BIN,
    'sshd login su sudo agetty getty init systemd cron crond useradd usermod userdel shutdown halt telinit runlevel lightdm gdm3',
  ),
  ...within(BIN, 'sddm screen tmux mosh-server xrdp-sesman vsftpd proftpd in.telnetd telnetd dropbear pppd'),
  ...within(OPENSSH, 'sshd-session sshd-auth'),
  ...within(SYSTEMD, 'systemd systemd-update-utmp systemd-logind'),
  ...within('/usr/libexec /usr/lib/gdm3', 'gdm-session-worker sddm-helper'),
  ...within('/usr/lib/x86_64-linux-gnu/utempter /usr/libexec/utempter', 'utempter'),
]

export const SHELLS: readonly string[] = within('/usr/bin /bin', 'bash zsh ksh93 mksh busybox fish')

/** Programs for any file at all. Here the list raises signals. */
export const READERS: readonly string[] = [
  ...within('/usr/bin /bin', 'cat tac nl head tail less more strings xxd od hexdump base64 base32 cp mv dd install tar zip gzip xz zstd'),
  ...within('/usr/bin /bin', 'bzip2 7z 7za 7zr cpio rsync scp sftp curl wget nc nc.openbsd nc.traditional ncat socat grep rg ag awk gawk'),
  ...within('/usr/bin /bin', 'mawk sed cut sort paste tr tee openssl gpg busybox coreutils bash dash zsh'),
]

/** They search or show texts, and do nothing with them. */
export const SEARCHERS: readonly string[] = within('/usr/bin /bin', 'grep egrep fgrep rg ag less more man git journalctl')

/** Backups, audits and configuration management: they read every file of root's, or look after the accounts of a fleet. */
export const WHOLE_READERS: readonly string[] = [
  ...within(
    `${BIN} /usr/local/bin /usr/local/sbin`,
    'restic borg duplicity rdiff-backup kopia tarsnap bacula-fd bareos-fd amandad dsmc aide tripwire samhain',
  ),
  ...within(`${BIN} /usr/local/sbin`, 'clamd clamscan clamonacc osqueryd zabbix_agentd zabbix_agent2'),
  ...within('/opt/osquery/bin /usr/local/bin', 'osqueryd'),
  ...within('/var/ossec/bin', 'wazuh-syscheckd wazuh-modulesd ossec-syscheckd'),
  ...within('/opt/puppetlabs/puppet/bin /usr/bin', 'puppet'),
  ...within('/opt/chef/bin /opt/cinc/bin /usr/bin', 'chef-client cinc-client'),
  ...within('/usr/bin /opt/saltstack/salt', 'salt-minion salt-call'),
  ...within('/var/cfengine/bin', 'cf-agent'),
]

export const GIT: readonly string[] = within('/usr/bin /bin', 'git')
/** It keeps the history of /etc. */
export const ETCKEEPER: readonly string[] = within(BIN, 'etckeeper')

/** It runs the loader to see what a program needs. */
export const LDD: readonly string[] = within('/usr/bin /bin', 'ldd')
