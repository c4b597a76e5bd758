import { defineRule } from '@cws/core'
import { isBelow } from '../ancestry.ts'
import { AUTHOR, authorWhich, isBy, isPackaged } from '../authors.ts'
import { inHomes } from '../files.ts'
import { isOtherSsh, isUnpackedTool, isUpgraded } from '../own-tools.ts'
import { AUTHENTICATORS, COPIERS, DAILY, ETCKEEPER, GIT, READERS, SSH, SUDO, WHOLE_READERS } from '../programs.ts'

const HASHES = ['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/security/opasswd'] as const
const SSH_KEYS = [
  ...inHomes('.ssh/id_rsa', '.ssh/id_ecdsa', '.ssh/id_ed25519', '.ssh/id_dsa', '.ssh/id_ecdsa_sk', '.ssh/id_ed25519_sk', '.ssh/identity'),
  ...['/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_ecdsa_key', '/etc/ssh/ssh_host_ed25519_key'],
] as const
const SUDOERS = ['/etc/sudoers', '/etc/sudoers.d/*', '/etc/doas.conf'] as const
type Opened = Parameters<typeof isBy>[0]
/** Git where etckeeper keeps the history of /etc. */
const isEtckeeper = (event: Opened): boolean => isBy(event, GIT) && isBelow(event, ETCKEEPER)
/** By what reads every file there is, or looks after accounts for a whole fleet: `secrets-read-by-known-tool` tells it. */
const isWholeReader = (event: Opened): boolean => isBy(event, WHOLE_READERS) || isEtckeeper(event)

export const passwordHashesOpened = defineRule({
  id: 'password-hashes-opened',
  name: 'The file of password hashes was opened by a strange program',
  severity: 'high',
  tags: ['mitre:T1003.008'],
  on: 'open',
  where: { 'open.file.path': HASHES },
  when: (event) =>
    !isBy(event, AUTHENTICATORS) && !isPackaged(event) && !(isBy(event, COPIERS) && isBelow(event, DAILY)) && !isWholeReader(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${authorWhich('checks no passwords and manages no accounts')}: with the hashes passwords can be guessed elsewhere, at leisure.`,
  advice: 'Ask the user whether it was them. If not, change the passwords of all who are in it: `passwd -e` with their names.',
  benign: ['An administrator who looks after accounts', 'Backups: except the program in `tune`', 'Audits of your own hosts'],
  tests: {
    fires: [
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/python3.11', 'process.package_manager': '' },
      { 'open.file.path': '/etc/gshadow', 'process.file.path': '/tmp/passwd' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/sudo', 'process.file.uid': 1000 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/cp', 'process.ancestors.file.path': ['/usr/bin/bash'] },
      { 'open.file.path': '/etc/shadow-' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/home/ann/restic', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/restic', 'process.file.uid': 1000 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/git', 'process.ancestors.file.path': ['/usr/bin/bash'] },
    ],
    silent: [
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/sudo', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/sbin/unix_chkpwd' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/libexec/cockpit-session', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/pg_createcluster', 'process.file.uid': 0 },
      {
        'open.file.path': '/etc/shadow',
        'process.file.path': '/usr/bin/cp',
        'process.ancestors.file.path': ['/usr/bin/dash', '/usr/bin/run-parts'],
      },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/perl', 'process.package_manager': 'dpkg' },
      { 'open.file.path': '/etc/passwd', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/restic', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/opt/puppetlabs/puppet/bin/puppet' },
      {
        'open.file.path': '/etc/shadow',
        'process.file.path': '/usr/bin/git',
        'process.ancestors.file.path': ['/usr/bin/etckeeper', '/usr/bin/run-parts'],
      },
    ],
  },
})

const BY_CONDA = {
  'open.file.path': '/home/ann/.ssh/id_ed25519',
  'process.file.path': '/home/ann/miniconda3/envs/work/bin/ssh',
  'process.file.uid': 1000,
  'process.uid': 1000,
  'process.file.unlinked': false,
} as const

export const privateKeyUsed = defineRule({
  id: 'private-key-used-by-other-ssh',
  name: 'A private key was used by an SSH that is not of this distribution',
  severity: 'low',
  tags: ['mitre:T1552.004'],
  on: 'open',
  where: { 'open.file.path': SSH_KEYS },
  when: (event) => isOtherSsh(event) && !isPackaged(event),
  groupBy: ['container.id', 'process.file.path'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: by its place and its owner the SSH of Nix, Homebrew or conda. Whoever may write there can lay a thief in its place.`,
  advice: 'None if you know that it is installed so. If not, look at the file, and make a new key.',
  benign: ['Users of these package managers'],
  tests: {
    fires: [
      BY_CONDA,
      { ...BY_CONDA, 'process.file.path': '/home/linuxbrew/.linuxbrew/Cellar/openssh/9.9p1/bin/ssh', 'process.file.uid': 1000 },
      { ...BY_CONDA, 'process.file.path': '/nix/store/0a1b-openssh-9.9p1/bin/ssh', 'process.file.uid': 0 },
    ],
    silent: [
      { ...BY_CONDA, 'process.file.path': '/usr/bin/ssh', 'process.file.uid': 0 },
      { ...BY_CONDA, 'process.file.path': '/home/ann/miniconda3/bin/cat' },
      { ...BY_CONDA, 'process.file.unlinked': true },
    ],
  },
})

export const privateKeyOpened = defineRule({
  id: 'private-key-opened',
  name: 'A private key of SSH was opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1552.004'],
  on: 'open',
  where: {
    'open.file.path': SSH_KEYS,
  },
  when: (event) => !isBy(event, SSH) && !isPackaged(event) && !isWholeReader(event) && !isOtherSsh(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${authorWhich('is no part of SSH')}: whoever has a copy of the key gets in wherever it is trusted.`,
  advice: 'Ask the user whether it was them. If not, make a new key and remove the old one from every `authorized_keys`.',
  benign: [
    'Programs with an SSH of their own, such as Ansible with paramiko, or an editor that works remotely',
    'Backups: except the program in `tune`',
  ],
  tests: {
    fires: [
      { 'open.file.path': '/root/.ssh/id_ed25519', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/home/ann/.ssh/id_rsa', 'process.file.path': '/usr/bin/tar' },
      { 'open.file.path': '/etc/ssh/ssh_host_rsa_key', 'process.file.path': '/home/ann/ssh', 'process.file.uid': 1000 },
      { 'open.file.path': '/home/ann/.ssh/id_rsa' },
      { ...BY_CONDA, 'process.file.path': '/home/ann/bin/ssh' },
      { ...BY_CONDA, 'process.file.uid': 1001 },
      { ...BY_CONDA, 'process.uid': 0 },
      { ...BY_CONDA, 'process.file.path': '/home/ann/miniconda3/bin/python' },
      { 'open.file.path': '/home/ann/.ssh/id_rsa', 'process.file.path': '/usr/bin/node', 'process.package_manager': 'npm' },
      {
        'open.file.path': '/home/ann/.ssh/id_rsa',
        'process.file.path': '/usr/bin/ssh',
        'process.file.uid': 0,
        'process.ns.user': 4026532801,
      },
    ],
    silent: [
      { 'open.file.path': '/root/.ssh/id_ed25519', 'process.file.path': '/usr/bin/ssh', 'process.file.uid': 0 },
      {
        'open.file.path': '/root/.ssh/id_ed25519',
        'process.file.path': '/usr/bin/ssh',
        'process.file.uid': 0,
        'process.ns.user': 4026531837,
      },
      { 'open.file.path': '/etc/ssh/ssh_host_rsa_key', 'process.file.path': '/usr/sbin/sshd' },
      { 'open.file.path': '/home/ann/.ssh/id_rsa.pub', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/home/ann/.ssh/id_rsa', 'process.file.path': '/usr/local/bin/ssh', 'process.file.uid': 0 },
      BY_CONDA,
      { 'open.file.path': '/etc/ssh/ssh_host_rsa_key', 'process.file.path': '/usr/bin/dash', 'process.package_manager': 'dpkg' },
    ],
  },
})

const TEMPORARY = ['/tmp/**', '/var/tmp/**', '/dev/**', '/run/user/**', 'memfd:*'] as const

/** Keys of clouds, clusters and registries. */
export const CLOUD_KEYS = [
  ...inHomes(
    ...[
      '.aws/credentials',
      '.config/gcloud/credentials.db',
      '.config/gcloud/access_tokens.db',
      '.config/gcloud/application_default_credentials.json',
    ],
    ...['.azure/msal_token_cache.json', '.azure/msal_token_cache.bin', '.azure/accessTokens.json', '.kube/config', '.docker/config.json'],
    ...['.git-credentials', '.pgpass', '.vault-token', '.config/doctl/config.yaml', '.terraform.d/credentials.tfrc.json'],
  ),
  ...['/etc/kubernetes/admin.conf', '/etc/kubernetes/super-admin.conf', '/etc/kubernetes/kubelet.conf', '/etc/rancher/k3s/k3s.yaml'],
  ...['/var/lib/kubelet/kubeconfig', '/etc/kubernetes/pki/ca.key', '/etc/boto.cfg'],
] as const

export const cloudCredentialsOpened = defineRule({
  id: 'cloud-credentials-opened',
  name: 'Keys of a cloud or cluster were opened by a strange program',
  severity: 'medium',
  tags: ['mitre:T1552.001', 'mitre:T1528'],
  on: 'open',
  where: {
    'open.file.path': CLOUD_KEYS,
    any: [{ 'process.file.path': READERS }, { 'process.file.path': TEMPORARY }, { 'process.file.unlinked': true }],
  },
  when: (event) => !isPackaged(event) && !isUpgraded(event) && !isUnpackedTool(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by {{author and not by one of the tools that it is for}}: the keys in it are good from anywhere.`,
  advice: 'Ask the user whether it was them. If not, revoke the keys where they were issued and see what was done with them since.',
  benign: ['An administrator who looks at a file', 'Backups: except the program in `tune`'],
  tests: {
    fires: [
      { 'open.file.path': '/root/.aws/credentials', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/home/ann/.kube/config', 'process.file.path': '/usr/bin/base64' },
      { 'open.file.path': '/home/ann/.docker/config.json', 'process.file.path': '/tmp/x' },
      { 'open.file.path': '/etc/kubernetes/admin.conf', 'process.file.path': '/usr/bin/curl', 'process.package_manager': '' },
      { 'open.file.path': '/etc/kubernetes/admin.conf', 'process.file.path': '/srv/x', 'process.file.unlinked': true },
      // No tool has its name alone in /tmp.
      { 'open.file.path': '/home/ann/.kube/config', 'process.file.path': '/tmp/kubectl', 'process.file.uid': 1000, 'process.uid': 1000 },
      {
        'open.file.path': '/home/ann/.aws/credentials',
        'process.file.path': '/tmp/x/bin/kubectl',
        'process.file.uid': 1000,
        'process.uid': 1000,
      },
    ],
    silent: [
      { 'open.file.path': '/home/ann/.kube/config', 'process.file.path': '/home/ann/.local/bin/kubectl', 'process.file.unlinked': false },
      {
        'open.file.path': '/home/ann/.aws/credentials',
        'process.file.path': '/home/ann/.venv/bin/python3.12',
        'process.file.unlinked': false,
      },
      {
        'open.file.path': '/home/ann/.kube/config',
        'process.file.path': '/tmp/go-build1/b001/exe/deploy',
        'process.file.uid': 1000,
        'process.uid': 1000,
        'process.file.unlinked': false,
      },
      { 'open.file.path': '/home/ann/.kube/config', 'process.file.path': '/usr/bin/kubectl', 'process.file.unlinked': false },
      { 'open.file.path': '/root/.aws/credentials', 'process.file.path': '/usr/bin/python3.11', 'process.file.unlinked': false },
      { 'open.file.path': '/root/.aws/config', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})

export const sudoersOpened = defineRule({
  id: 'sudoers-opened',
  name: 'Who may become root was looked up',
  severity: 'low',
  tags: ['mitre:T1548.003', 'mitre:T1069.001'],
  on: 'open',
  where: { 'open.file.path': SUDOERS },
  when: (event) => !isBy(event, SUDO) && !isPackaged(event) && !isWholeReader(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@open.file.path}}\` was opened by ${authorWhich('is no part of sudo')}: intruders look here for a way to root.`,
  advice: 'Ask the user whether it was them. If not, see what that session did before and after.',
  benign: ['An administrator who looks at a file', 'Backups, audits and configuration management'],
  tests: {
    fires: [
      { 'open.file.path': '/etc/sudoers', 'process.file.path': '/usr/bin/cat' },
      { 'open.file.path': '/etc/sudoers.d/ann', 'process.file.path': '/usr/bin/grep' },
    ],
    silent: [
      { 'open.file.path': '/etc/sudoers', 'process.file.path': '/usr/bin/sudo', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/sudoers.d/README', 'process.file.path': '/usr/bin/dpkg', 'process.package_manager': 'dpkg' },
      { 'open.file.path': '/etc/sudo.conf', 'process.file.path': '/usr/bin/cat' },
    ],
  },
})

export const secretsReadByKnownTool = defineRule({
  id: 'secrets-read-by-known-tool',
  name: 'A backup, an audit or configuration management read secrets',
  severity: 'low',
  tags: ['mitre:T1003.008', 'mitre:T1552.004'],
  on: 'open',
  where: { 'open.file.path': [...HASHES, ...SSH_KEYS, ...SUDOERS] },
  when: (event) => isWholeReader(event) && !isPackaged(event),
  groupBy: ['container.id', 'process.file.path'],
  message: `\`{{@open.file.path}}\` was opened by ${AUTHOR}: a tool of root's that reads every file, or looks after accounts. Where its copies go, the hashes and keys go.`,
  advice: 'None if this host is backed up, audited or managed so. If not, see who started it and where it sends what it reads.',
  benign: ['Every backup and every audit'],
  tests: {
    fires: [
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/restic', 'process.file.uid': 0 },
      { 'open.file.path': '/root/.ssh/id_ed25519', 'process.file.path': '/usr/bin/borg' },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/var/ossec/bin/wazuh-syscheckd', 'process.file.uid': 0 },
      {
        'open.file.path': '/etc/gshadow',
        'process.file.path': '/usr/bin/git',
        'process.file.uid': 0,
        'process.ancestors.file.path': ['/usr/bin/etckeeper', '/usr/bin/bash'],
      },
    ],
    silent: [
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/rsync', 'process.file.uid': 0 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/restic', 'process.file.uid': 1000 },
      { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/git', 'process.ancestors.file.path': ['/tmp/etckeeper'] },
      { 'open.file.path': '/etc/passwd', 'process.file.path': '/usr/bin/restic', 'process.file.uid': 0 },
    ],
  },
})
