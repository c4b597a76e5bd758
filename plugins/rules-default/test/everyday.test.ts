/** Work of administrators, developers and of the tools that hosts are looked after with, event by event: none of it is told above low. */
import { compileCondition, conditionOf, type EventDefinition, type Readable, rankOf, standardEvents, UNKNOWN } from '@cws/core'
import { describe, expect, it } from 'vitest'
import defaults from '../src/index.ts'

const rules = defaults.rules.map((rule) => {
  const definition = standardEvents.find((event) => event.type === rule.on) as EventDefinition
  const condition = compileCondition(conditionOf(rule.where as string, definition))
  const holds = (event: Readable) => condition(event) === true && (rule.when === undefined || rule.when(event as never))
  return { ...rule, holds }
})

/** Rules that find something in it, with their severities. */
function told(on: string, values: Readonly<Record<string, unknown>>): string[] {
  const event: Readable = { get: (field) => values[field] ?? UNKNOWN }
  return rules.filter((rule) => rule.on === on && rule.holds(event)).map(({ id, severity }) => `${severity} ${id}`)
}
const loud = (found: readonly string[]) => found.filter((it) => rankOf(it.split(' ')[0] as 'low') >= rankOf('medium'))

/** What stands above, nearest first, all files of root's. */
function lineage(above: readonly string[]): Record<string, unknown> {
  const names = above.map((path) => path.slice(path.lastIndexOf('/') + 1))
  return {
    'process.parent.file.path': above[0],
    'process.parent.file.name': names[0],
    'process.ancestors.file.path': above,
    'process.ancestors.file.name': names,
    'process.ancestors.file.uid': above.map(() => 0),
    'process.ancestors.args': above.map(() => ''),
  }
}
const common = { 'process.package_manager': '', 'process.user': 'root', 'process.uid': 0, 'process.tty_name': '', 'container.id': '' }
const LOGIN = ['/usr/bin/bash', '/usr/bin/sudo', '/usr/bin/bash', '/usr/sbin/sshd', '/usr/lib/systemd/systemd']
const CRON = ['/usr/bin/dash', '/usr/sbin/cron', '/usr/lib/systemd/systemd']
const UNIT = ['/usr/lib/systemd/systemd']

type Case = readonly [what: string, ...events: (readonly [on: 'exec' | 'open' | 'change', values: Record<string, unknown>])[]]

/** `path args`, run below these. */
function ran(command: string, above: readonly string[] = LOGIN, more: Record<string, unknown> = {}) {
  const [path = '', ...argv] = command.split(' ')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const values = {
    ...common,
    ...lineage(above),
    'exec.file.path': path,
    'exec.file.name': name,
    'exec.file.filesystem': 'ext4',
    'exec.file.unlinked': false,
    'exec.file.in_upper_layer': false,
    'exec.file.mode': 0o100755,
    'exec.interpreter.file.path': '',
    'exec.comm': name.slice(0, 15),
    'exec.argv0': name,
    'exec.args': argv.join(' '),
    'exec.argv': argv,
    'exec.args_truncated': false,
    'exec.envp': ['PATH=/usr/bin', 'HISTFILE=/root/.bash_history'],
    'exec.uid': 0,
    'exec.euid': 0,
    'process.file.path': path,
    'process.file.uid': 0,
    'process.args': argv.join(' '),
    'process.cwd': '/root',
    ...more,
  }
  return ['exec', values] as const
}

/** A program opened files. */
const opened = (command: string, files: readonly string[], above: readonly string[] = LOGIN, more: Record<string, unknown> = {}) =>
  files.map((file) => {
    const [path = '', ...argv] = command.split(' ')
    const by = { 'process.file.path': path, 'process.file.uid': 0, 'process.file.unlinked': false, 'process.args': argv.join(' ') }
    return ['open', { ...common, ...lineage(above), ...by, 'open.file.path': file, ...more }] as const
  })

/** A program changed files. */
const changed = (
  command: string,
  kind: string,
  files: readonly string[],
  above: readonly string[] = LOGIN,
  more: Record<string, unknown> = {},
) =>
  files.map((file) => {
    const [path = '', ...argv] = command.split(' ')
    const by = {
      'process.file.path': path,
      'process.file.name': path.split('/').at(-1),
      'process.file.uid': 0,
      'process.args': argv.join(' '),
    }
    const of = { 'change.kind': kind, 'change.path': file, 'change.file.path': file, 'change.file.size': 40n, 'change.file.mode': 0o100644 }
    return ['change', { ...common, ...lineage(above), ...by, ...of, 'change.is_directory': false, ...more }] as const
  })

const ANN = { 'process.user': 'ann', 'process.uid': 1000, 'exec.uid': 1000, 'exec.euid': 1000, 'process.file.uid': 1000 } as const
const APT = { 'process.package_manager': 'dpkg' } as const
const DPKG = ['/usr/bin/dash', '/usr/bin/dpkg', '/usr/bin/unattended-upgrade', '/usr/lib/systemd/systemd']
const ETC = ['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/etc/ssh/ssh_host_ed25519_key', '/root/.ssh/id_ed25519']

const quiet: readonly Case[] = [
  [
    'unattended-upgrades replaces sudo, libc and openssh-server, and services are restarted',
    ...changed(
      '/usr/bin/dpkg --configure -a',
      'renamed',
      ['/usr/bin/sudo', '/usr/lib/x86_64-linux-gnu/libc.so.6', '/usr/sbin/sshd'],
      DPKG,
      APT,
    ),
    ...changed(
      '/usr/bin/dpkg --unpack x',
      'renamed',
      ['/etc/pam.d/sudo', '/etc/sudoers.d/README', '/usr/lib/systemd/system/ssh.service'],
      DPKG,
      APT,
    ),
    ...opened('/usr/bin/perl -w /usr/sbin/needrestart', ['/etc/shadow'], DPKG, APT),
    ran('/usr/bin/systemctl restart ssh.service cron.service', DPKG, APT),
    ran('/usr/sbin/sshd -t', DPKG, APT),
    ran('/usr/bin/chmod 4755 /usr/bin/sudo', DPKG, APT),
    ran('/usr/sbin/ldconfig', DPKG, APT),
  ],
  [
    'a kernel comes with its initramfs and modules',
    ...changed('/usr/sbin/mkinitramfs -o /boot/initrd.img-6.1.0.new', 'created', ['/boot/initrd.img-6.1.0-30.new'], DPKG, APT),
    ...changed('/usr/bin/mv -f', 'renamed', ['/boot/initrd.img-6.1.0-30', '/boot/grub/grub.cfg'], DPKG, APT),
    ran('/usr/bin/cp -pP /usr/bin/dash /var/tmp/mkinitramfs_a1b2/usr/bin/sh', DPKG, APT),
    ran('/usr/bin/kmod -a 6.1.0-30', DPKG, APT),
    ran('/usr/sbin/dkms autoinstall', UNIT),
    ran('/usr/bin/kmod /lib/modules/6.1.0-30/updates/dkms/wl.ko', UNIT),
  ],
  [
    'an initramfs is made by hand',
    ran('/usr/bin/cp -pP /usr/bin/busybox /var/tmp/mkinitramfs_a1b2/usr/bin/busybox'),
    ran('/usr/lib/dracut/dracut-install -D /var/tmp/dracut.x/initramfs /bin/sh'),
  ],
  [
    'certbot renews, and a hook hands the key on',
    ran('/usr/bin/certbot -q renew', UNIT),
    ...opened(
      '/usr/bin/cat privkey.pem',
      ['/etc/letsencrypt/archive/shop.example/privkey4.pem'],
      ['/usr/bin/dash', '/usr/bin/certbot', ...UNIT],
    ),
    ran('/usr/bin/systemctl reload nginx', ['/usr/bin/dash', '/usr/bin/certbot', ...UNIT]),
  ],
  [
    'ansible runs over ssh',
    ran('/usr/bin/dash -c echo ~ && sleep 0', ['/usr/sbin/sshd', '/usr/sbin/sshd', ...UNIT]),
    ran('/usr/bin/dash -c ( umask 77 && mkdir -p "` echo /root/.ansible/tmp `" ) && sleep 0', ['/usr/sbin/sshd', ...UNIT]),
    ran('/usr/bin/python3.12 /root/.ansible/tmp/ansible-tmp-1.2-3/AnsiballZ_setup.py', ['/usr/bin/dash', '/usr/sbin/sshd', ...UNIT]),
    ran('/usr/bin/chmod u+x /root/.ansible/tmp/ansible-tmp-1/ /root/.ansible/tmp/ansible-tmp-1/AnsiballZ_setup.py', [
      '/usr/bin/dash',
      '/usr/sbin/sshd',
      ...UNIT,
    ]),
    ran('/usr/sbin/useradd -m deploy', ['/usr/bin/python3.12', '/usr/bin/dash', '/usr/sbin/sshd', ...UNIT]),
  ],
  [
    'containers are pulled and started',
    ran('/usr/bin/docker pull nginx', LOGIN),
    ran('/usr/bin/docker run -d -p 80:80 -v /srv/data:/data nginx', LOGIN),
    ran('memfd:runc_cloned:/proc/self/exe init', ['/usr/bin/runc', '/usr/bin/containerd-shim-runc-v2', ...UNIT], {
      'exec.file.memfd': true,
    }),
    ran('memfd:crun_cloned:/proc/self/exe init', ['/usr/bin/crun', '/usr/bin/conmon', ...UNIT], { 'exec.file.memfd': true }),
    ran('memfd:runc_cloned:/proc/self/exe init', [
      '/var/lib/rancher/k3s/data/ab12/bin/runc',
      '/var/lib/rancher/k3s/data/ab12/bin/containerd-shim-runc-v2',
    ]),
    ran('/usr/sbin/xtables-nft-multi -t nat -F DOCKER', ['/usr/bin/dockerd', ...UNIT], { 'exec.argv0': 'iptables' }),
    ran('/usr/bin/podman run --rm alpine true', LOGIN, ANN),
    ran('/usr/sbin/apparmor_parser -Kr /var/lib/docker/tmp/docker-default', ['/usr/bin/dockerd', ...UNIT]),
    ran('/usr/sbin/apparmor_parser -RWL /var/cache/lxd /var/lib/lxd/x', ['/snap/lxd/1/bin/lxd', ...UNIT]),
  ],
  [
    'the kubelet works',
    ran('/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf', UNIT),
    ...opened(
      '/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf',
      ['/etc/kubernetes/kubelet.conf', '/var/lib/kubelet/kubeconfig'],
      UNIT,
    ),
    ran('/usr/bin/mount -t tmpfs -o size=1 tmpfs /var/lib/kubelet/pods/x', ['/usr/bin/kubelet', ...UNIT]),
  ],
  [
    'snaps and flatpaks are refreshed and run',
    ...changed('/usr/lib/snapd/snapd', 'created', ['/etc/systemd/system/snap.hello.mount', '/etc/udev/rules.d/70-snap.hello.rules'], UNIT, {
      'process.package_manager': 'snap',
    }),
    ran('/usr/lib/snapd/snap-confine --base core22 snap.hello.hello /usr/lib/snapd/snap-exec hello', LOGIN, { 'exec.file.mode': 0o104755 }),
    ran('/usr/bin/flatpak update -y', LOGIN, ANN),
    ran('/usr/bin/bwrap --args 40 xdg-dbus-proxy', ['/usr/bin/flatpak', ...LOGIN], ANN),
  ],
  [
    'a developer works with VS Code, JetBrains, Homebrew and tools of the own home',
    ran(
      '/home/ann/.vscode-server/cli/servers/Stable-1/server/node --dns-result-order=ipv4first out/server-main.js',
      ['/usr/bin/dash', '/usr/sbin/sshd'],
      ANN,
    ),
    ran('/usr/bin/dash -c which ps', ['/home/ann/.vscode-server/cli/servers/Stable-1/server/node', '/usr/bin/dash'], ANN),
    ran('/home/ann/.cache/JetBrains/RemoteDev/dist/x/jbr/bin/java -Xmx2g com.intellij.idea.Main', ['/usr/bin/bash'], ANN),
    ran('/home/linuxbrew/.linuxbrew/bin/brew install jq', ['/usr/bin/bash'], { ...ANN, 'exec.interpreter.file.path': '/usr/bin/bash' }),
    ran('/home/ann/.nvm/versions/node/v24.1.0/bin/node /home/ann/.nvm/versions/node/v24.1.0/bin/npm ci', ['/usr/bin/bash'], ANN),
    ...opened(
      '/home/ann/.nvm/versions/node/v24.1.0/bin/node /home/ann/.nvm/versions/node/v24.1.0/bin/npm ci',
      ['/home/ann/.npmrc'],
      ['/usr/bin/bash'],
      ANN,
    ),
    ...opened('/usr/bin/grep -Eq ^(prefix|globalconfig) *= /home/ann/.npmrc', ['/home/ann/.npmrc'], ['/usr/bin/bash'], {
      ...ANN,
      'process.file.uid': 0,
    }),
    ...opened('/home/ann/.venv/bin/python3.12 -m pip install x', ['/home/ann/.netrc', '/home/ann/.pypirc'], ['/usr/bin/bash'], ANN),
    ...opened('/home/ann/.cargo/bin/cargo publish', ['/home/ann/.cargo/credentials.toml'], ['/usr/bin/bash'], ANN),
    ...opened('/home/ann/.rustup/toolchains/stable/bin/cargo publish', ['/home/ann/.cargo/credentials.toml'], ['/usr/bin/bash'], ANN),
    ...opened('/home/ann/.pyenv/versions/3.12.1/bin/python3.12 -m twine upload', ['/home/ann/.pypirc'], ['/usr/bin/bash'], ANN),
    ...opened('/home/ann/go/bin/gh auth status', ['/home/ann/.config/gh/hosts.yml'], ['/usr/bin/bash'], ANN),
    ...opened('/home/ann/.local/bin/kubectl get pods', ['/home/ann/.kube/config'], ['/usr/bin/bash'], ANN),
    ...opened('/usr/local/aws-cli/v2/2.15.0/dist/aws s3 ls', ['/home/ann/.aws/credentials'], ['/usr/bin/bash'], ANN),
    ...opened(
      '/home/ann/.tfenv/versions/1.9.0/terraform plan',
      ['/home/ann/.terraform.d/credentials.tfrc.json', '/home/ann/.aws/credentials'],
      ['/usr/bin/bash'],
      ANN,
    ),
    ...opened('/usr/bin/docker push x', ['/home/ann/.docker/config.json'], ['/usr/bin/bash'], { ...ANN, 'process.file.uid': 0 }),
    ...opened('/usr/lib/git-core/git credential-store get', ['/home/ann/.git-credentials'], ['/usr/bin/git'], {
      ...ANN,
      'process.file.uid': 0,
    }),
    ...opened(
      '/tmp/go-build1/b001/e2e.test -test.v',
      ['/home/ann/.kube/config', '/home/ann/.aws/credentials'],
      ['/usr/local/go/bin/go'],
      ANN,
    ),
    ...opened('/home/linuxbrew/.linuxbrew/Cellar/openssh/9.9p1/bin/ssh host', ['/home/ann/.ssh/id_ed25519'], ['/usr/bin/bash'], ANN),
    ...opened('/usr/bin/ssh-keygen -Y sign -f /home/ann/.ssh/id_ed25519', ['/home/ann/.ssh/id_ed25519'], ['/usr/bin/git'], {
      ...ANN,
      'process.file.uid': 0,
    }),
  ],
  [
    'backups run',
    ...opened('/usr/bin/restic backup /etc /root', ETC, UNIT),
    ...opened('/usr/bin/borg create repo::x /etc', ETC, CRON),
    ...opened('/usr/sbin/bacula-fd -fP', ETC, UNIT),
    ran('/usr/bin/rsync -a --delete -e ssh /etc backup@host:/srv/etc', CRON, {
      'exec.argv': ['-a', '--delete', '-e', 'ssh', '/etc', 'backup@host:/srv/etc'],
    }),
    ran('/usr/bin/tar czf /srv/backup/etc.tgz /etc', CRON),
    ran('/usr/bin/pg_dump -Fc -f /var/backups/shop.dump shop', CRON),
    ran('/usr/bin/dash -c mysqldump --all-databases | gzip > /var/backups/all.sql.gz', CRON),
    ...opened('/usr/bin/mysqldump --all-databases', ['/root/.my.cnf', '/etc/mysql/debian.cnf'], CRON),
  ],
  [
    'etckeeper keeps the history of /etc',
    ran('/usr/bin/etckeeper commit', [...CRON], { 'exec.interpreter.file.path': '/usr/bin/dash' }),
    ...opened('/usr/bin/git add .', ETC.slice(0, 4), ['/usr/bin/etckeeper', '/usr/bin/run-parts', ...CRON]),
  ],
  [
    'puppet, chef and salt look after the host',
    ...opened('/opt/puppetlabs/puppet/bin/puppet agent --no-daemonize', ['/etc/shadow', '/etc/sudoers'], UNIT, {
      'process.file.uid': undefined,
    }),
    ...opened('/usr/bin/chef-client -d', ['/etc/shadow'], UNIT),
    ...opened('/usr/bin/salt-minion', ['/etc/shadow'], UNIT),
    ran('/usr/sbin/usermod -s /bin/bash deploy', ['/opt/puppetlabs/puppet/bin/puppet', ...UNIT]),
  ],
  [
    'monitoring and audits read along',
    ...opened('/opt/osquery/bin/osqueryd --flagfile x', ETC, UNIT),
    ...opened('/var/ossec/bin/wazuh-syscheckd', ETC, UNIT),
    ...opened('/usr/bin/aide --check', ETC, CRON),
    ...opened('/usr/sbin/zabbix_agentd -f', ['/etc/shadow'], UNIT),
    ran('/usr/bin/node_exporter --collector.systemd', UNIT),
    ran('/opt/datadog-agent/bin/agent/agent run', UNIT),
    ran('/usr/bin/dash -c df -P', ['/usr/sbin/zabbix_agentd', ...UNIT], { 'process.user': 'zabbix' }),
    ran('/usr/bin/pgrep -x rsyslogd', ['/usr/bin/dash', '/usr/sbin/monit', ...UNIT]),
  ],
  [
    'logs are rotated',
    ...changed('/usr/sbin/logrotate /etc/logrotate.conf', 'renamed', ['/var/log/syslog.1', '/var/log/auth.log.1'], UNIT),
    ...changed('/usr/bin/gzip', 'deleted', ['/var/log/auth.log.1'], ['/usr/sbin/logrotate', ...UNIT]),
    ran('/usr/bin/systemctl kill -s HUP rsyslog.service', ['/usr/bin/dash', '/usr/sbin/logrotate', ...UNIT]),
    ran('/usr/bin/pgrep -HUP rsyslogd', ['/usr/bin/dash', '/usr/sbin/logrotate', ...UNIT], { 'exec.argv0': 'pkill' }),
    ...changed('/usr/lib/systemd/systemd-journald', 'renamed', ['/var/log/journal/0a1b/system@1.journal'], UNIT),
  ],
  [
    'an administrator makes accounts and looks after services',
    ...changed('/usr/sbin/useradd -m ann', 'renamed', ['/etc/passwd', '/etc/shadow', '/etc/group']),
    ...changed('/usr/bin/passwd ann', 'renamed', ['/etc/shadow'], LOGIN),
    ...opened('/usr/bin/passwd ann', ['/etc/shadow'], LOGIN),
    ...opened('/usr/sbin/visudo', ['/etc/sudoers'], LOGIN),
    ...opened('/usr/bin/crontab -e', ['/etc/shadow'], LOGIN),
    ...changed('/usr/bin/crontab -e', 'modified', ['/var/spool/cron/crontabs/tmp.x7Jd2K'], LOGIN),
    ...changed('/usr/bin/systemctl enable nginx', 'created', ['/etc/systemd/system/multi-user.target.wants/nginx.service'], LOGIN),
    ran('/usr/bin/systemctl enable --now nginx', LOGIN),
    ran('/usr/bin/systemctl edit nginx', LOGIN),
    ran('/usr/bin/ssh-copy-id host', LOGIN, { 'exec.interpreter.file.path': '/usr/bin/dash' }),
    ran('/usr/bin/dash -c stty -a', ['/usr/bin/php8.2', '/usr/bin/sudo', '/usr/bin/bash'], {
      'process.user': 'www-data',
      'process.uid': 33,
      'process.tty_name': 'pts0',
      'process.ancestors.uid': [33, 0, 1000],
    }),
    ran('/usr/bin/su -s /bin/sh www-data', LOGIN, { 'exec.file.mode': 0o104755 }),
  ],
  [
    'people log in, with Cockpit and with a password that has expired',
    ...opened('/usr/libexec/cockpit-session localhost', ['/etc/shadow'], UNIT),
    ...opened('/usr/sbin/sshd -D -R', ['/etc/shadow', '/etc/ssh/ssh_host_ed25519_key'], UNIT),
    ...changed('/usr/lib/openssh/sshd-session -D -R', 'renamed', ['/etc/shadow'], UNIT),
    ...opened('/usr/sbin/pwhistory_helper', ['/etc/security/opasswd'], UNIT),
  ],
  [
    'scripts call services with a password of ~/.netrc',
    ...opened('/usr/bin/curl -fsSn https://api.example/v1', ['/root/.netrc'], CRON),
    ...opened('/usr/bin/wget -q https://api.example/v1', ['/root/.netrc'], CRON),
  ],
]

describe('everyday work', () => {
  it.each(quiet.map(([what, ...events]) => ({ what, events })))('is told no louder than low: $what', ({ events }) => {
    const by = (values: Readonly<Record<string, unknown>>) => `${values['process.file.path']} ${values['process.args'] ?? ''}`
    expect(events.flatMap(([on, values]) => loud(told(on, values)).map((it) => `${it}: ${by(values)}`))).toEqual([])
  })

  it('is heard here at all: the same by a stranger is told', () => {
    expect(opened('/usr/bin/cat', ETC).every(([on, values]) => told(on, values).length > 0)).toBe(true)
    expect(
      changed('/usr/bin/vim', 'modified', ['/etc/sudoers', '/etc/pam.d/sshd']).every(([on, values]) => loud(told(on, values)).length > 0),
    ).toBe(true)
    expect(loud(told(...ran('memfd:x')))).not.toEqual([])
  })
})
