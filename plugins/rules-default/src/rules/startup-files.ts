import { defineRule } from '@cws/core'
import { AUTHOR, isForeign } from '../authors.ts'
import { allOf, inHomes, written, writtenAs } from '../files.ts'

export const pythonStartupChanged = defineRule({
  id: 'python-startup-changed',
  name: 'What every Python runs at its start was changed',
  severity: 'medium',
  tags: ['mitre:T1546.018', 'mitre:T1574'],
  on: 'change',
  where: writtenAs(
    '^/etc/python3[^/]*/sitecustomize\\.py$',
    '^/usr/(?:local/)?lib(?:64)?/python3[^/]*/(?:(?:dist|site)-packages/)?(?:sitecustomize|usercustomize)\\.py$',
  ),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: each Python of this host runs it before anything else, that of the package manager and of root too.`,
  advice: 'Read the file. If nobody of yours wrote it, keep a copy, remove it and see which Pythons have started since.',
  benign: ['Tools that measure or trace all Pythons of a host'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/usr/lib/python3/dist-packages/sitecustomize.py' },
      { 'change.kind': 'created', 'change.path': '/usr/local/lib/python3.12/dist-packages/usercustomize.py', 'change.file.size': 9n },
      { 'change.kind': 'renamed', 'change.path': '/etc/python3.12/sitecustomize.py', 'process.package_manager': '' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/python3.12/sitecustomize.py', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'created', 'change.path': '/srv/app/.venv/lib/python3.12/site-packages/sitecustomize.py', 'change.file.size': 9n },
      { 'change.kind': 'modified', 'change.path': '/usr/lib/python3/dist-packages/site.py' },
    ],
  },
})

export const loaderPathChanged = defineRule({
  id: 'loader-path-changed',
  name: 'Where programs look for their libraries was changed',
  severity: 'medium',
  tags: ['mitre:T1574.006', 'mitre:T1574'],
  on: 'change',
  where: written('/etc/ld.so.conf', '/etc/ld.so.conf.d/*.conf'),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: libraries of the folders that it names are loaded into programs of all users, those with a set-id bit too.`,
  advice: 'See who may write to the folders that are named in it. If the line is not yours, remove it and run `ldconfig`.',
  benign: ['Software that is installed by hand', 'An administrator who adds a folder'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/ld.so.conf' },
      { 'change.kind': 'created', 'change.path': '/etc/ld.so.conf.d/a.conf', 'change.file.size': 5n },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/ld.so.conf.d/libc.conf', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'renamed', 'change.path': '/etc/ld.so.cache' },
    ],
  },
})

export const packageScriptChanged = defineRule({
  id: 'package-script-changed',
  name: 'What package managers run was changed',
  severity: 'medium',
  tags: ['mitre:T1546.016', 'mitre:T1195.002'],
  on: 'change',
  where: {
    any: [
      writtenAs('^/var/lib/dpkg/info/[^/]+\\.(?:pre|post)(?:inst|rm)$'),
      allOf('/etc/dpkg/dpkg.cfg.d', '/etc/yum/pluginconf.d', '/etc/dnf/plugins', '/etc/kernel/postinst.d', '/etc/kernel/preinst.d'),
      written('/etc/apt/apt.conf', '/etc/dpkg/dpkg.cfg', '/etc/yum.conf', '/etc/dnf/dnf.conf', '/etc/pacman.d/hooks/*.hook'),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it is run, or says what is run, as root with the next package that is installed, upgraded or removed.`,
  advice: 'Compare it with what the package brought. If nobody of yours wrote it, put it back before the next upgrade.',
  benign: ['An administrator who sets up upgrades', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/var/lib/dpkg/info/openssh-server.postinst', 'process.package_manager': '' },
      { 'change.kind': 'created', 'change.path': '/etc/kernel/postinst.d/zz-x', 'change.file.size': 30n },
      { 'change.kind': 'modified', 'change.path': '/etc/apt/apt.conf' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/var/lib/dpkg/info/openssh-server.postinst', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/var/lib/dpkg/info/openssh-server.md5sums' },
    ],
  },
})

export const packageSourceChanged = defineRule({
  id: 'package-source-changed',
  name: 'Where packages come from was changed',
  severity: 'low',
  tags: ['mitre:T1195.002', 'mitre:T1072'],
  on: 'change',
  where: {
    any: [
      written('/etc/apt/sources.list', '/etc/yum.repos.d/*.repo', '/etc/apk/repositories', '/etc/pacman.conf', '/etc/pacman.d/mirrorlist'),
      writtenAs('^/etc/apt/sources\\.list\\.d/[^/]+\\.(?:list|sources)$', '^/etc/apt/(?:trusted\\.gpg\\.d|keyrings)/[^/]+\\.(?:gpg|asc)$'),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: whoever stands behind that source may put any program on this host.`,
  advice: 'See whether you know the address, and whose key signs it.',
  benign: ['An administrator who adds a source', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'created', 'change.path': '/etc/apt/sources.list.d/x.list', 'change.file.size': 60n },
      { 'change.kind': 'modified', 'change.path': '/etc/yum.repos.d/x.repo' },
      { 'change.kind': 'created', 'change.path': '/etc/apt/keyrings/x.gpg', 'change.file.size': 900n },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/apt/trusted.gpg.d/debian.asc', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/etc/apt/sources.list.d/x.list.save' },
    ],
  },
})

export const bootChanged = defineRule({
  id: 'boot-files-changed',
  name: 'What the host starts with was changed',
  severity: 'medium',
  tags: ['mitre:T1542.003', 'mitre:T1547.006'],
  on: 'change',
  where: {
    any: [
      writtenAs('^/boot/(?:vmlinuz|initrd|initramfs)[^/]*$', '^/boot/(?:grub2?|loader)/(?:grub\\.cfg|loader\\.conf)$'),
      written('/etc/default/grub', '/etc/dracut.conf', '/etc/initramfs-tools/modules'),
      allOf('/etc/default/grub.d', '/etc/dracut.conf.d', '/etc/initramfs-tools/hooks', '/etc/initramfs-tools/scripts/init-top'),
    ],
    // Made beside, and moved to its place afterwards: that is told.
    none: [{ 'change.path': ['/boot/*.new', '/boot/*.bak', '/boot/*.tmp'] }],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: what runs before the system does sees all of it, and is seen by nothing.`,
  advice:
    'See which packages were upgraded at that time. If none were, compare the files with those of another host before you restart this one.',
  benign: ['`update-grub` and `update-initramfs` by an administrator', 'Setting up a host'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/default/grub' },
      { 'change.kind': 'renamed', 'change.path': '/boot/initrd.img-6.1.0', 'process.package_manager': '' },
      { 'change.kind': 'created', 'change.path': '/etc/initramfs-tools/hooks/x', 'change.file.size': 20n },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/boot/initrd.img-6.1.0', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'created', 'change.path': '/boot/initrd.img-6.1.0.new', 'change.file.size': 20n },
      { 'change.kind': 'modified', 'change.path': '/boot/grub/grubenv' },
    ],
  },
})

export const staticPodWritten = defineRule({
  id: 'static-pod-written',
  name: 'A pod was given to the node itself',
  severity: 'medium',
  tags: ['mitre:T1610', 'mitre:T1543.005'],
  on: 'change',
  where: writtenAs(
    '^/etc/kubernetes/manifests/[^/.][^/]*\\.(?:ya?ml|json)$',
    '^/var/lib/rancher/(?:k3s|rke2)/(?:agent/pod-manifests|server/manifests)/[^/]+\\.ya?ml$',
  ),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: the kubelet starts what stands there, with any rights, and the cluster cannot forbid it.`,
  advice: 'Read it, above all for `hostPath` and `privileged`. If nobody of yours wrote it, remove it: the pod ends.',
  benign: ['`kubeadm` at the set-up or upgrade of a cluster'],
  tests: {
    fires: [{ 'change.kind': 'created', 'change.path': '/etc/kubernetes/manifests/x.yaml', 'change.file.size': 400n }],
    silent: [
      { 'change.kind': 'created', 'change.path': '/etc/kubernetes/manifests/.x.yaml.swp', 'change.file.size': 400n },
      { 'change.kind': 'deleted', 'change.path': '/etc/kubernetes/manifests/x.yaml' },
    ],
  },
})

export const userProfileChanged = defineRule({
  id: 'user-profile-changed',
  name: 'What the shell of a user runs was changed',
  severity: 'low',
  tags: ['mitre:T1546.004'],
  on: 'change',
  where: written(
    '/home/*/.bashrc',
    '/home/*/.profile',
    '/home/*/.bash_profile',
    '/home/*/.bash_login',
    '/home/*/.zshrc',
    '/home/*/.zshenv',
    '/home/*/.zprofile',
    ...inHomes('.bash_aliases', '.config/fish/config.fish', '.xprofile', '.xsessionrc'),
    '/home/*/.bash_logout',
    '/etc/skel/.*',
  ),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it runs with each shell of that user.`,
  advice: 'Read its last lines, and those that set PATH or an alias for sudo.',
  benign: ['Users who set up their shell', 'Installers that add themselves to PATH'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/home/ann/.bashrc' },
      { 'change.kind': 'modified', 'change.path': '/root/.bash_aliases' },
      { 'change.kind': 'created', 'change.path': '/etc/skel/.profile', 'change.file.size': 9n },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/home/ann/.bash_history' },
      { 'change.kind': 'created', 'change.path': '/home/ann/.bashrc', 'change.file.size': 0n },
    ],
  },
})

export const sshClientChanged = defineRule({
  id: 'ssh-client-changed',
  name: 'How this host logs in elsewhere was changed',
  severity: 'low',
  tags: ['mitre:T1021.004', 'mitre:T1563.001'],
  on: 'change',
  where: written(...inHomes('.ssh/config'), '/etc/ssh/ssh_config', '/etc/ssh/ssh_config.d/*.conf', '/etc/ssh/ssh_known_hosts'),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it may name a program that each login runs, or leave connections open for others to use.`,
  advice: 'Look for ProxyCommand, LocalCommand, ControlPath and ForwardAgent in it.',
  benign: ['Users who write down their hosts'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/root/.ssh/config' },
      { 'change.kind': 'created', 'change.path': '/etc/ssh/ssh_config.d/x.conf', 'change.file.size': 40n },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/home/ann/.ssh/known_hosts' },
      { 'change.kind': 'renamed', 'change.path': '/etc/ssh/ssh_config', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const remoteTrustWritten = defineRule({
  id: 'remote-trust-written',
  name: 'A host was told to let others in without a password',
  severity: 'high',
  tags: ['mitre:T1098', 'mitre:T1556'],
  on: 'change',
  where: written(...inHomes('.rhosts', '.shosts', '.k5login'), '/etc/hosts.equiv', '/etc/ssh/shosts.equiv'),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it lists who gets in without being asked for a password, by a mechanism of old that hardly anybody needs today.`,
  advice: 'Remove it, unless a system of yours needs it, and see who has logged in since.',
  benign: ['Clusters for computing that trust their own hosts', 'Kerberos, of which `.k5login` is a part'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/root/.rhosts' },
      { 'change.kind': 'created', 'change.path': '/etc/hosts.equiv', 'change.file.size': 3n },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/etc/hosts' },
      { 'change.kind': 'deleted', 'change.path': '/root/.rhosts' },
    ],
  },
})
