import type { Trigger } from '@cws/core'

/** Writes the first byte of a file once more. */
const rewritten = (path: string): Trigger => ({
  run: '/bin/sh',
  args: ['-c', `dd if=${path} of=${path} bs=1 count=1 conv=notrunc; exit 0`],
  harm: `it writes into ${path}, though only what stands there`,
})

/** The name of a package that holds a script and nothing else. */
const PACKAGE = 'cws-simulate-package'
// What it does afterwards keeps the package manager at work until the files have been looked at.
const INSTALLATION = `
mkdir -p tree/DEBIAN tree/usr/bin
printf '#!/bin/sh\\n' >tree/usr/bin/${PACKAGE}
printf '#!/bin/sh\\nsleep 1\\n' >tree/DEBIAN/postinst
chmod 755 tree tree/* tree/usr/bin tree/usr/bin/${PACKAGE} tree/DEBIAN/postinst
printf 'Package: ${PACKAGE}\\nVersion: 1\\nArchitecture: all\\nMaintainer: CWS <cws@localhost>\\nDescription: is removed at once\\n' >tree/DEBIAN/control
dpkg-deb --root-owner-group --build tree package.deb
trap 'dpkg --purge ${PACKAGE}' EXIT
dpkg -i package.deb`

/** Files that change. Those that are made hold a comment, and are passed over by what reads their folder, or say nothing to it. */
export const changeTriggers: Readonly<Record<string, Trigger>> = {
  'scheduled-task-changed': { make: '/etc/cron.d/cws-simulate' },
  'systemd-unit-changed': { make: '/etc/systemd/system/cws-simulate.service' },
  'ssh-access-changed': { make: '/etc/ssh/sshd_config.d/cws-simulate.conf' },
  'startup-script-changed': { make: '/etc/init.d/cws-simulate' },
  'shell-profile-changed': { make: '/etc/profile.d/cws-simulate.sh' },
  'device-rule-changed': { make: '/etc/modules-load.d/cws-simulate.conf' },
  'account-file-edited': rewritten('/etc/group'),
  'account-changed': {
    run: '/bin/sh',
    args: ['-c', '/usr/sbin/groupadd cws-simulate && /usr/sbin/groupdel cws-simulate'],
    harm: 'it makes a group and removes it',
  },
  'sudoers-changed': { make: '/etc/doas.conf', mode: 0o600 },
  'pam-changed': { make: '/etc/pam.d/cws-simulate' },
  'preload-changed': { make: '/etc/ld.so.preload', harm: 'every program that starts meanwhile reads /etc/ld.so.preload' },
  'system-file-changed': { make: '/usr/bin/cws-simulate' },
  'ca-store-changed': { make: '/usr/local/share/ca-certificates/cws-simulate.crt' },
  // Nobody but root can run it, and no kernel heeds the bit of a script.
  'set-id-bit-set': { make: '/usr/local/bin/cws-simulate', mode: 0o4700 },
  'log-cleared': { make: '/var/log/auth.log.99', mode: 0o600, removed: true },
  // As `sed -i` does: beside it, and moved to its place.
  'log-replaced': {
    run: '/bin/sh',
    args: ['-ec', ': >/var/log/cws-simulate.new; mv -n /var/log/cws-simulate.new /var/log/auth.log.98; sleep 1; rm /var/log/auth.log.98'],
  },
  'root-hook-changed': { make: '/etc/tmpfiles.d/cws-simulate.conf' },
  'history-removed': { make: '/root/.ash_history', mode: 0o600, removed: true },
  // In a folder that Pythons do not look into.
  'python-startup-changed': { make: '/usr/lib/python3/sitecustomize.py' },
  'loader-path-changed': { make: '/etc/ld.so.conf.d/cws-simulate.conf' },
  'package-script-changed': { make: '/etc/dpkg/dpkg.cfg.d/cws-simulate' },
  'package-source-changed': { make: '/etc/apt/sources.list.d/cws-simulate.list' },
  'boot-files-changed': { make: '/etc/default/grub.d/cws-simulate.cfg' },
  'static-pod-written': {
    make: '/etc/kubernetes/manifests/cws-simulate.yaml',
    harm: 'the kubelet of a node tries to start what stands in its folder',
  },
  // Nobody's: no shell reads it.
  'user-profile-changed': { make: '/home/cws-simulate/.profile' },
  'ssh-client-changed': { make: '/etc/ssh/ssh_config.d/cws-simulate.conf' },
  'remote-trust-written': { make: '/etc/hosts.equiv' },
  'logging-changed': { make: '/etc/rsyslog.d/cws-simulate.conf' },
  'confinement-changed': { make: '/etc/apparmor.d/cws-simulate' },
  'agent-settings-changed': { make: '/etc/cws/cws-simulate.yaml' },
  'host-names-changed': rewritten('/etc/hosts'),
  'web-shell-written': { make: '/var/www/html/cws-simulate.php', by: 'nginx' },
  'packages-changed': { run: '/bin/sh', args: ['-ec', INSTALLATION], harm: 'it installs a package and removes it' },
}

/** Files that are opened. What is made lies in a home of nobody's, or bears a name that nobody looks for. */
export const openTriggers: Readonly<Record<string, Trigger>> = {
  'password-hashes-opened': { read: '/etc/shadow' },
  'private-key-opened': { read: '/home/cws-simulate/.ssh/id_ed25519', madeWith: 0o600 },
  'cloud-credentials-opened': { read: '/home/cws-simulate/.aws/credentials', madeWith: 0o600 },
  // sudo passes over names with a dot.
  'sudoers-opened': { read: '/etc/sudoers.d/cws.simulate', madeWith: 0o440 },
  'browser-store-opened': { read: '/home/cws-simulate/.mozilla/firefox/x.default/logins.json', madeWith: 0o600 },
  'kerberos-keys-opened': { read: '/etc/krb5kdc/.k5.CWS-SIMULATE', madeWith: 0o600 },
  'server-key-opened': { read: '/etc/ssl/private/cws-simulate.key', madeWith: 0o600 },
  'stored-password-opened': { read: '/home/cws-simulate/.netrc', madeWith: 0o600 },
  'private-key-used-by-other-ssh': { read: '/home/cws-simulate/.ssh/id_ecdsa', madeWith: 0o600, by: 'miniconda3/bin/ssh' },
  'stored-password-used': { read: '/home/cws-simulate/.npmrc', madeWith: 0o600, by: 'node/bin/node' },
  'secrets-read-by-known-tool': { read: '/home/cws-simulate/.ssh/id_rsa', madeWith: 0o600, by: '/usr/local/bin/amandad' },
}
