import { compileCondition, conditionOf, type EventDefinition, type Readable, standardEvents, UNKNOWN } from '@cws/core'
import { describe, expect, it } from 'vitest'
import defaults from '../src/index.ts'

const exec = standardEvents.find((event) => event.type === 'exec') as EventDefinition
const rules = defaults.rules
  .filter((rule) => rule.on === 'exec')
  .map((rule) => {
    const condition = compileCondition(conditionOf(rule.where as string, exec))
    const holds = (event: Readable) => {
      const truth = condition(event)
      return truth === true && rule.when ? rule.when(event as never) : truth
    }
    return { id: rule.id, holds }
  })

/** An exec as the best sensor gives it: a binary on disk, on the host, by a user at a terminal. `script` makes it one with its interpreter. */
function execOf(path: string, args: string, more: Record<string, unknown> = {}): Readable {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const ancestors = ['/usr/bin/bash', '/usr/sbin/sshd', '/usr/sbin/sshd', '/usr/lib/systemd/systemd']
  const isScript = typeof more['script'] === 'string'
  const ofFile = isScript ? {} : { filesystem: 'ext4', memfd: false, unlinked: false, in_upper_layer: false, mode: 0o100755 }
  const values: Record<string, unknown> = {
    'exec.file.path': path,
    'exec.file.name': name,
    ...Object.fromEntries(Object.entries(ofFile).map(([field, value]) => [`exec.file.${field}`, value])),
    'exec.interpreter.file.path': isScript ? more['script'] : '',
    'exec.comm': name.slice(0, 15),
    'exec.argv0': name,
    'exec.args': args,
    'exec.args_truncated': false,
    'exec.argv': args.split(' '),
    'exec.envp': ['PATH=/usr/bin:/bin', 'HOME', 'LANG', 'LD_LIBRARY_PATH=/tmp/build/lib'],
    'exec.uid': 1000,
    'exec.euid': 1000,
    'process.parent.file.path': ancestors[0],
    'process.parent.file.name': 'bash',
    'process.parent.args': '',
    'process.ancestors.file.path': ancestors,
    'process.ancestors.file.name': ancestors.map((one) => one.slice(one.lastIndexOf('/') + 1)),
    'process.ancestors.args': ['', '-D -R', '-D', ''],
    'process.user': 'ann',
    'process.cwd': '/home/ann',
    'process.package_manager': '',
    'process.tty_name': 'pts0',
    'container.id': '',
    ...more,
  }
  return { get: (field) => values[field] ?? UNKNOWN }
}

const below = (...paths: string[]) => ({
  'process.parent.file.path': paths[0],
  'process.parent.file.name': paths[0]?.slice(paths[0].lastIndexOf('/') + 1),
  'process.ancestors.file.path': paths,
  'process.ancestors.file.name': paths.map((path) => path.slice(path.lastIndexOf('/') + 1)),
  'process.tty_name': '',
})
const root = { 'exec.uid': 0, 'exec.euid': 0 }

const ordinary: [string, string, Record<string, unknown>?][] = [
  ['/usr/bin/ls', '-la --color=auto'],
  ['/usr/bin/ls', ''],
  ['/usr/bin/grep', '-rn password src'],
  ['/usr/bin/grep', '-i error /var/log/syslog'],
  ['/usr/bin/find', '. -name *.ts -newer package.json'],
  ['/usr/bin/find', '/var/log -mtime +30 -delete', root],
  ['/usr/bin/sudo', 'apt-get update', { 'exec.file.mode': 0o104755, 'exec.euid': 0 }],
  ['/usr/bin/apt-get', 'install -y nginx', root],
  ['/usr/lib/apt/methods/http', '', { ...root, ...below('/usr/bin/apt-get', '/usr/bin/sudo') }],
  ['/usr/bin/dpkg', '--configure -a', { ...root, ...below('/usr/bin/apt-get') }],
  ['/var/lib/dpkg/info/nginx.postinst', 'configure', { ...root, ...below('/usr/bin/dpkg', '/usr/bin/apt-get'), script: '/usr/bin/dash' }],
  ['/var/lib/dpkg/tmp.ci/preinst', 'upgrade 1.0', { ...root, ...below('/usr/bin/dpkg'), script: '/usr/bin/dash' }],
  [
    '/usr/bin/systemctl',
    'stop fail2ban.service',
    { ...root, ...below('/usr/bin/deb-systemd-invoke', '/usr/bin/dpkg'), 'process.package_manager': 'dpkg' },
  ],
  ['/usr/bin/systemctl', 'kill -s HUP rsyslog.service', { ...root, ...below('/usr/lib/rsyslog/rsyslog-rotate', '/usr/sbin/logrotate') }],
  ['/usr/bin/systemctl', 'restart nginx', root],
  ['/usr/sbin/ldconfig', '', root],
  ['/usr/bin/ldd', '/usr/bin/git', { script: '/usr/bin/bash' }],
  ['/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', '--verify /usr/bin/git', below('/usr/bin/ldd', '/usr/bin/bash')],
  ['/usr/bin/node', '/usr/bin/npm install', { 'process.parent.file.name': 'bash' }],
  ['/srv/shop/node_modules/.bin/tsc', '-p .', { script: '/usr/bin/node' }],
  ['/usr/bin/dash', '-c node install.js', below('/usr/bin/node', '/usr/bin/bash')],
  ['/usr/bin/dash', '-c tsc -p . && vitest run', below('/usr/bin/node', '/usr/bin/bash')],
  ['/home/ann/.cargo/bin/cargo', 'build --release'],
  ['/home/ann/.local/bin/poetry', 'run pytest', { script: '/home/ann/.venv/bin/python' }],
  ['/tmp/go-build3/b001/exe/main', '', { 'exec.file.filesystem': 'tmpfs' }],
  ['/tmp/pip-build-env-x/overlay/bin/ninja', '-v', { script: '/usr/bin/python3.12' }],
  ['/usr/bin/make', '-j8'],
  ['/usr/bin/dash', '-c gcc -O2 -c main.c', below('/usr/bin/make', '/usr/bin/bash')],
  ['/usr/bin/x86_64-linux-gnu-gcc-13', '-O2 -c main.c', below('/usr/bin/dash', '/usr/bin/make')],
  ['/usr/libexec/gcc/x86_64-linux-gnu/13/cc1', '-quiet main.c', below('/usr/bin/x86_64-linux-gnu-gcc-13')],
  ['/usr/bin/x86_64-linux-gnu-ld.bfd', '-o a.out a.o', below('/usr/bin/x86_64-linux-gnu-gcc-13')],
  ['/usr/bin/git', 'commit -m "Reset password by mail"'],
  ['/usr/bin/git', 'grep -n stratum+tcp'],
  ['/srv/shop/.git/hooks/pre-commit', '', { ...below('/usr/bin/git'), script: '/usr/bin/bash' }],
  ['/usr/bin/ssh', '-i /home/ann/.ssh/id_ed25519 host uptime'],
  ['/usr/bin/scp', '/home/ann/.ssh/id_ed25519.pub host:'],
  ['/usr/bin/cat', '/home/ann/.ssh/id_ed25519.pub'],
  ['/usr/sbin/sshd', '-D -R', { ...root, ...below('/usr/sbin/sshd', '/usr/lib/systemd/systemd') }],
  ['/usr/bin/bash', '', { ...below('/usr/sbin/sshd', '/usr/sbin/sshd'), 'exec.argv0': '-bash', 'process.tty_name': 'pts0' }],
  ['/usr/bin/id', '-u', below('/usr/bin/bash', '/usr/sbin/sshd')],
  ['/usr/bin/uname', '-a'],
  [
    '/usr/bin/dash',
    '-c test -x /usr/sbin/anacron || run-parts /etc/cron.daily',
    { ...root, ...below('/usr/sbin/cron', '/usr/lib/systemd/systemd') },
  ],
  ['/etc/cron.daily/logrotate', '', { ...root, ...below('/usr/bin/run-parts', '/usr/bin/dash'), script: '/usr/bin/dash' }],
  ['/usr/bin/cp', '-p /etc/shadow /var/backups/shadow.bak', { ...root, ...below('/usr/bin/dash') }],
  ['/usr/bin/curl', '-fsSL https://deb.nodesource.com/setup_24.x -o setup.sh'],
  ['/usr/bin/bash', '-c curl -fsS http://localhost/health | grep ok'],
  ['/usr/bin/base64', '-d cert.b64'],
  ['/usr/bin/python3.12', '-c import socket; print(socket.gethostname())'],
  ['/usr/bin/python3.12', '-m venv .venv'],
  ['/usr/bin/perl', '-e print 1'],
  ['/usr/bin/[', '-f /etc/passwd ]'],
  ['/usr/bin/pkexec', 'gparted', { 'exec.file.mode': 0o104755, 'exec.euid': 0 }],
  ['/usr/bin/nc.openbsd', '-z localhost 5432'],
  ['/usr/bin/docker', 'exec -it web sh'],
  ['/usr/bin/runc', 'init', { ...root, ...below('/usr/bin/runc', '/usr/bin/containerd-shim-runc-v2') }],
  ['memfd:runc_cloned:/proc/self/exe', 'init', { ...root, ...below('/usr/bin/runc', '/usr/bin/containerd-shim-runc-v2') }],
  ['/usr/lib/systemd/systemd-executor', '--deserialize 40', { ...root, ...below('/usr/lib/systemd/systemd') }],
  ['/usr/sbin/php-fpm8.2', '--nodaemonize', { ...root, ...below('/usr/lib/systemd/systemd') }],
  ['/usr/bin/convert', 'a.png b.jpg', below('/usr/sbin/php-fpm8.2', '/usr/sbin/php-fpm8.2')],
  ['/usr/lib/postgresql/16/bin/postgres', '-D /srv/db', below('/usr/lib/systemd/systemd')],
  ['/usr/lib/jvm/java-21/bin/java', '-jar app.jar', below('/usr/lib/systemd/systemd')],
  [
    '/usr/bin/dash',
    '-c sysctl -n kernel.osrelease',
    { ...below('/usr/lib/jvm/java-21/bin/java'), 'process.parent.args': 'org.gradle.launcher.daemon.bootstrap.GradleDaemon 8.7' },
  ],
  ['/usr/lib/chromium/chromium', '--type=renderer', { 'exec.file.unlinked': true }],
  ['/usr/bin/tail', '-f /var/log/nginx/access.log'],
  ['/usr/bin/vim.basic', '/etc/hosts', root],
  ['/usr/bin/git', 'clone https://example.com/shop.git'],
  ['/usr/lib/git-core/git-remote-https', 'origin https://example.com/shop.git', below('/usr/bin/git', '/usr/bin/bash')],
  ['/usr/bin/python3.12', '-Im ensurepip --upgrade --default-pip', below('/usr/bin/python3.12', '/usr/bin/bash')],
  [
    '/usr/bin/python3.12',
    '-c import sys; exec(compile(open(sys.argv[1]).read(), "setup.py", "exec")) setup.py',
    below('/usr/bin/python3.12'),
  ],
  ['/home/ann/.venv/bin/pip', 'install -r requirements.txt', { script: '/home/ann/.venv/bin/python' }],
  ['/usr/bin/dash', '-c node-gyp rebuild', { ...below('/usr/bin/node'), 'process.ancestors.args': ['/usr/bin/npm ci'] }],
  [
    '/usr/bin/curl',
    '-fsSL -o x.tgz https://example.com/x.tgz',
    { ...below('/usr/bin/dash'), 'process.ancestors.args': ['-c sh get.sh', '/usr/bin/npm ci'] },
  ],
  ['/usr/bin/node', '-e require("http").get("http://localhost/health", r => process.exit(r.statusCode !== 200))'],
  ['/usr/lib/postgresql/16/bin/initdb', '-D /srv/db', below('/usr/bin/bash')],
  ['/usr/lib/postgresql/16/bin/pg_ctl', '-D /srv/db start', below('/usr/bin/bash')],
  ['/usr/sbin/mariadbd', '--datadir=/var/lib/mysql', { ...root, ...below('/usr/bin/dash', '/usr/lib/systemd/systemd') }],
  ['/usr/bin/su', '-s /bin/sh www-data -c true', { ...root, 'exec.file.mode': 0o104755 }],
  ['/usr/bin/dash', '-c true', { ...below('/usr/bin/su', '/usr/bin/bash'), 'process.user': 'www-data' }],
  ['/usr/bin/ssh', '-L 5432:localhost:5432 db'],
  ['/usr/bin/scp', '-r build host:/srv'],
  ['/usr/bin/rsync', '-a src/ build/'],
  ['/usr/bin/curl', '--data-binary @coverage.xml https://ci.example/upload'],
  ['/usr/bin/dig', '+short www.example.com'],
  ['/usr/bin/ping', '-c 1 www.example.com'],
  ['/usr/bin/dmesg', '-T', root],
  ['/usr/bin/touch', '/etc/cron.daily/.placeholder', root],
  ['/usr/bin/touch', '-r src/a build/a'],
  ['/usr/bin/mount', '-t tmpfs tmpfs /mnt', root],
  ['/usr/sbin/sysctl', '-w vm.max_map_count=262144', root],
  ['/usr/bin/kmod', 'br_netfilter', { ...root, 'exec.argv0': 'modprobe' }],
  ['/usr/bin/kmod', '-a 6.1.0', { ...root, ...below('/usr/bin/dpkg'), 'exec.argv0': 'depmod' }],
  [
    '/usr/sbin/xtables-nft-multi',
    '-t nat -A POSTROUTING -j MASQUERADE',
    { ...root, ...below('/usr/bin/dockerd'), 'exec.argv0': 'iptables' },
  ],
  ['/usr/bin/docker', 'run -d -p 80:80 -v /srv/data:/data nginx'],
  ['/usr/bin/nsenter', '-t 1234 -n ss -lnt', root],
  ['/usr/sbin/nginx', '-t', root],
  ['/usr/bin/top', ''],
  [
    '/usr/sbin/setcap',
    'cap_net_raw+ep /usr/bin/ping',
    { ...root, ...below('/usr/bin/dash', '/usr/bin/dpkg'), 'process.package_manager': 'dpkg' },
  ],
  ['/usr/sbin/usermod', '-aG users ann', root],
  ['/usr/sbin/useradd', '-m ann', root],
  ['/usr/bin/tar', 'xzf /tmp/x.tgz -C /srv', root],
  ['/usr/bin/tar', 'czf /srv/backup/etc.tgz /etc', root],
  ['/usr/bin/rm', '-rf /var/lib/apt/lists/*', root],
  ['/usr/bin/rm', '-rf node_modules dist'],
  ['/usr/bin/dd', 'if=/dev/zero of=/tmp/x bs=1M count=1'],
  ['/usr/sbin/mkfs.ext4', '-q disk.img'],
  ['/usr/bin/gdb', './a.out core'],
  ['/usr/bin/cat', '/proc/meminfo'],
  ['/usr/bin/cat', '/proc/1234/status'],
  ['/usr/bin/openssl', 'enc -aes-256-cbc -in a -out b'],
  ['/usr/bin/find', '/etc/ssl -name *.pem -exec openssl x509 -noout -enddate -in {} ;', root],
  ['/usr/bin/gpg', '--verify x.asc x'],
  ['/usr/sbin/shutdown', '-r +5', root],
  ['/usr/bin/curl', '-s http://169.254.169.254/latest/meta-data/instance-id'],
  ['/usr/bin/unshare', '--mount sh', root],
  ['/usr/bin/ss', '-tlnp', root],
  ['/usr/bin/who', ''],
  ['/usr/bin/journalctl', '-u nginx -e', root],
  ['/usr/bin/passwd', '', { 'exec.file.mode': 0o104755, 'exec.euid': 0 }],
]

describe('ordinary work', () => {
  it.each(ordinary)('%s %s raises nothing and leaves nothing undecided', (path, args, more) => {
    const event = execOf(path, args, more)
    expect(rules.filter((rule) => rule.holds(event) === true).map((rule) => rule.id)).toEqual([])
    expect(rules.filter((rule) => rule.holds(event) === UNKNOWN).map((rule) => rule.id)).toEqual([])
  })
})

describe('evasions', () => {
  it.each<[string, string, string, Record<string, unknown>?]>([
    ['a name that lies', 'exec-from-memory-filesystem', '/dev/shm/sshd'],
    ['a name with a line feed', 'exec-from-memory-filesystem', '/dev/shm/sshd\n'],
    ['a name in other scripts', 'exec-from-memory-filesystem', '/dev/shm/ѕѕhd 😀'],
    ['a folder of dots', 'hidden-executable', '/tmp/.../x'],
    ['a name of blanks after a dot', 'hidden-executable', '/var/tmp/. /x'],
    [
      'the name of a runtime’s memory file in a container',
      'memfd-exec',
      'memfd:runc_cloned:/proc/self/exe',
      { ...below('/usr/bin/runc'), 'container.id': 'abc' },
    ],
    ['slashes in the name of a memory file', 'memfd-exec', 'memfd:/usr/bin/ls'],
    [
      'no arguments at all, not even a name',
      'exec-from-memory-filesystem',
      '/dev/shm/x',
      { 'exec.argv0': '', 'exec.args': '', 'exec.argv': [] },
    ],
    [
      'a shell by another name of argv0',
      'shell-from-web-server',
      '/usr/bin/dash',
      { ...below('/usr/sbin/nginx'), 'exec.argv0': 'nginx: worker' },
    ],
    ['busybox as a shell', 'shell-from-web-server', '/bin/busybox', { ...below('/usr/sbin/nginx'), 'exec.comm': 'sh' }],
  ])('%s', (_, id, path, more) => {
    const event = execOf(path, '', more)
    expect(rules.filter((rule) => rule.holds(event) === true).map((rule) => rule.id)).toContain(id)
  })
})
