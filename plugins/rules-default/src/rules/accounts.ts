import { defineRule } from '@cws/core'
import { AUTHOR, authorWhich, isBy, isFilled, isForeign, isPackaged } from '../authors.ts'
import { allOf, written } from '../files.ts'
import { ACCOUNT_TOOLS, PASSWORD_CHANGERS } from '../programs.ts'

const ACCOUNT_FILES = ['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow'] as const

type Changed = Parameters<typeof isBy>[0]

/** By a tool that manages accounts; a new password also by what people log in with. */
function isByAccountTool(event: Changed): boolean {
  return isBy(event, ACCOUNT_TOOLS) || (event.get('change.path') === '/etc/shadow' && isBy(event, PASSWORD_CHANGERS))
}

export const accountFileEdited = defineRule({
  id: 'account-file-edited',
  name: 'Accounts were changed by hand',
  severity: 'high',
  tags: ['mitre:T1136.001', 'mitre:T1098'],
  on: 'change',
  where: written(...ACCOUNT_FILES),
  when: (event) => isForeign(event) && !isByAccountTool(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${authorWhich('is none of the tools that manage accounts')}: a line in this file makes a user, a password or a member of a group.`,
  advice:
    'Compare it with its backup (`diff /etc/passwd- /etc/passwd`): look for new users, for a second user 0 and for a password that is empty.',
  benign: ['Restoring a backup', 'Configuration management that writes the file itself', 'Building an image'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/passwd', 'process.file.path': '/usr/bin/bash', 'process.package_manager': '' },
      { 'change.kind': 'renamed', 'change.path': '/etc/shadow', 'process.file.path': '/usr/bin/sed' },
      { 'change.kind': 'modified', 'change.path': '/etc/group', 'process.file.path': '/tmp/usermod' },
      { 'change.kind': 'modified', 'change.path': '/etc/passwd', 'process.file.path': '/usr/sbin/useradd', 'process.file.uid': 1000 },
      { 'change.kind': 'modified', 'change.path': '/etc/passwd' },
      { 'change.kind': 'renamed', 'change.path': '/etc/passwd', 'process.file.path': '/usr/sbin/sshd', 'process.file.uid': 0 },
      { 'change.kind': 'renamed', 'change.path': '/etc/shadow', 'process.file.path': '/usr/sbin/sshd', 'process.file.uid': 1000 },
    ],
    silent: [
      // An expired password is changed where its user logs in.
      {
        'change.kind': 'renamed',
        'change.path': '/etc/shadow',
        'process.file.path': '/usr/lib/openssh/sshd-session',
        'process.file.uid': 0,
      },
      { 'change.kind': 'renamed', 'change.path': '/etc/passwd', 'process.file.path': '/usr/sbin/useradd', 'process.file.uid': 0 },
      { 'change.kind': 'renamed', 'change.path': '/etc/shadow', 'process.file.path': '/usr/bin/passwd' },
      { 'change.kind': 'modified', 'change.path': '/etc/passwd-', 'process.file.path': '/usr/bin/cp' },
      { 'change.kind': 'created', 'change.path': '/etc/passwd.lock', 'process.file.path': '/usr/sbin/useradd' },
      { 'change.kind': 'renamed', 'change.path': '/etc/group', 'process.file.path': '/usr/bin/mv', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const accountChanged = defineRule({
  id: 'account-changed',
  name: 'An account was added or changed',
  severity: 'low',
  tags: ['mitre:T1136.001', 'mitre:T1098'],
  on: 'change',
  where: written(...ACCOUNT_FILES),
  when: (event) => isFilled(event) && isByAccountTool(event) && !isPackaged(event),
  groupBy: ['container.id', 'process.file.path', 'process.args'],
  message: `${AUTHOR} changed \`{{@change.path}}\`: a user, a password or a group.`,
  advice:
    'See whether the change was asked for. A new user, or a user who became a member of `sudo`, `wheel` or `docker`, may become root.',
  benign: ['An administrator at work', 'A user who changes the own password'],
  tests: {
    fires: [
      { 'change.kind': 'renamed', 'change.path': '/etc/passwd', 'process.file.path': '/usr/sbin/useradd', 'process.package_manager': '' },
      { 'change.kind': 'renamed', 'change.path': '/etc/shadow', 'process.file.path': '/usr/bin/passwd', 'process.file.uid': 0 },
      { 'change.kind': 'renamed', 'change.path': '/etc/shadow', 'process.file.path': '/usr/sbin/sshd', 'process.package_manager': '' },
    ],
    silent: [
      {
        'change.kind': 'renamed',
        'change.path': '/etc/passwd',
        'process.file.path': '/usr/sbin/useradd',
        'process.package_manager': 'dpkg',
      },
      { 'change.kind': 'modified', 'change.path': '/etc/passwd', 'process.file.path': '/usr/bin/bash' },
      { 'change.kind': 'modified', 'change.path': '/etc/subuid', 'process.file.path': '/usr/sbin/useradd' },
    ],
  },
})

export const sudoersChanged = defineRule({
  id: 'sudoers-changed',
  name: 'Who may become root was changed',
  severity: 'high',
  tags: ['mitre:T1548.003'],
  on: 'change',
  where: {
    any: [
      written('/etc/sudoers', '/etc/doas.conf', '/etc/polkit-1/rules.d/*.rules', '/usr/share/polkit-1/rules.d/*.rules'),
      // sudo passes over names with a dot.
      { ...allOf('/etc/sudoers.d'), 'change.path': { regex: '^/etc/sudoers\\.d/[^/.]+$' } },
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it says who may run what as root.`,
  advice:
    'Read it (`sudo -l -U` with the name of a user tells what they may). If nobody of yours wrote it, remove it and see what that user did since.',
  benign: ['`visudo` by an administrator', 'Configuration management', 'cloud-init, at the first start of a host'],
  tests: {
    fires: [
      { 'change.kind': 'renamed', 'change.path': '/etc/sudoers', 'process.file.path': '/usr/sbin/visudo' },
      { 'change.kind': 'modified', 'change.path': '/etc/sudoers.d/x' },
      { 'change.kind': 'created', 'change.path': '/etc/polkit-1/rules.d/00-x.rules', 'change.file.size': 3n },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/etc/sudoers.d/x.dpkg-new' },
      { 'change.kind': 'modified', 'change.path': '/etc/sudoers.d/x~' },
      { 'change.kind': 'created', 'change.path': '/etc/sudoers.tmp' },
      { 'change.kind': 'created', 'change.path': '/etc/sudoers.d/x', 'change.file.size': 0n },
      { 'change.kind': 'renamed', 'change.path': '/etc/sudoers', 'process.package_manager': 'rpm' },
    ],
  },
})

export const pamChanged = defineRule({
  id: 'pam-changed',
  name: 'How users are authenticated was changed',
  severity: 'high',
  tags: ['mitre:T1556.003'],
  on: 'change',
  where: {
    any: [
      written('/etc/pam.conf', '/etc/security/pam_env.conf', '/etc/nsswitch.conf'),
      allOf('/etc/pam.d'),
      { ...written('/usr/lib/**/pam_*.so', '/lib/**/pam_*.so', '/usr/lib64/security/*.so', '/lib64/security/*.so') },
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: PAM decides with it whether a password is right, and sees each one. One line or one module lets anybody in, or keeps the passwords.`,
  advice:
    'Compare it with what the package brought (`dpkg --verify` or `rpm --verify`). If it is not yours, put it back and change the passwords used since.',
  benign: ['`pam-auth-update` or `authselect` by an administrator', 'Joining a domain', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/pam.d/sshd' },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/x86_64-linux-gnu/security/pam_unix.so', 'process.file.path': '/usr/bin/mv' },
      { 'change.kind': 'created', 'change.path': '/usr/lib64/security/x.so', 'change.file.size': 1n },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/pam.d/common-auth', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'created', 'change.path': '/etc/pam.d/common-auth.pam-new', 'change.file.size': 0n },
      { 'change.kind': 'modified', 'change.path': '/etc/security/limits.conf' },
      { 'change.kind': 'modified', 'change.path': '/etc/pam.d/.sshd.swp' },
    ],
  },
})
