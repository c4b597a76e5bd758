import { defineDetection } from '@cws/core'
import { cloudCredentialsOpened, passwordHashesOpened, privateKeyOpened, sudoersOpened } from '../rules/secrets.ts'

const SHADOW = { 'open.file.path': '/etc/shadow', 'process.file.path': '/usr/bin/cat', 'process.package_manager': '' } as const
const KEY = { 'open.file.path': '/root/.ssh/id_ed25519', 'process.file.path': '/usr/bin/cat', 'process.package_manager': '' } as const
const CLOUD = { 'open.file.path': '/root/.aws/credentials', 'process.file.path': '/usr/bin/cat', 'process.package_manager': '' } as const

export const secretsGathered = defineDetection({
  id: 'secrets-gathered',
  name: 'Secrets of several kinds were gathered',
  severity: 'high',
  tags: ['mitre:T1552', 'mitre:T1003.008'],
  kind: 'threshold',
  of: [passwordHashesOpened, privateKeyOpened, cloudCredentialsOpened, sudoersOpened],
  by: ['tree'],
  within: '60s',
  count: 3,
  distinct: 'rule.id',
  message:
    'Within {{within}} secrets of {{distinct}} kinds were opened in one log-in or service, the last `{{@open.file.path}}` by {{author}}: password hashes, keys of SSH, keys of a cloud, who may become root. Tools that steal look for them one after another; people rarely need two of them.',
  advice: 'See in `findings` what was read. If nobody meant it, take the host off the network, change the passwords and revoke the keys.',
  benign: ['Backups: except their program in `tune` of the rules', 'Audits of your own hosts'],
  tests: {
    fires: [
      [SHADOW, KEY, CLOUD],
      [SHADOW, SHADOW, { ...KEY, 'process.pid': 7, 'process.ancestors.pid': [1000, 1] }, { ...CLOUD, after: '50s' }],
      [
        { ...CLOUD, 'process.pid': 7, 'process.audit_session': 12 },
        { ...KEY, 'process.pid': 8, 'process.audit_session': 12 },
        { 'open.file.path': '/etc/sudoers', 'process.file.path': '/usr/bin/cat', 'process.pid': 9, 'process.audit_session': 12 },
      ],
    ],
    silent: [
      [SHADOW, SHADOW, KEY, KEY],
      [SHADOW, KEY, { ...CLOUD, after: '60s' }],
      [SHADOW, KEY, { ...CLOUD, 'process.pid': 7 }],
      [SHADOW, KEY, { ...CLOUD, 'process.package_manager': 'dpkg' }],
    ],
  },
})
