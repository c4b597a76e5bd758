import type { AnyRule, RulePack } from '@cws/core'
import { secretsGathered } from './detections/secrets-gathered.ts'
import { accountChanged, accountFileEdited, pamChanged, sudoersChanged } from './rules/accounts.ts'
import {
  cloudCopyTool,
  dnsTunnel,
  listenerByHand,
  pasteSiteContacted,
  secretSentAway,
  sshTunnelOpened,
  torStarted,
  tunnelProgram,
} from './rules/connections.ts'
import {
  containerClientInContainer,
  containerSocketUsed,
  hostDiskInContainer,
  hostNamespaceEntered,
  packagesInContainer,
  privilegedContainerStarted,
  shellInContainer,
} from './rules/containers.ts'
import { credentialSearch, passwordFileRead } from './rules/credentials.ts'
import { decoderPipedToShell, downloadPipedToShell } from './rules/droppers.ts'
import {
  daemonDisguise,
  deceptiveName,
  firewallSwitchedOff,
  historySwitchedOff,
  kernelLogCleared,
  processHiddenByMount,
  timestampForged,
} from './rules/evasion.ts'
import { cryptominer, securityToolStopped } from './rules/impact.ts'
import { inlineCodeDecoded, inlineCodeFetched, installScriptNetworkTool } from './rules/inline-code.ts'
import { cpuRegistersWritten, kernelHookWritten, kernelProtectionWeakened, kernelReplaced, strangeModuleLoaded } from './rules/kernel.ts'
import {
  commandBeyondSight,
  execFromMemory,
  execFromMemoryFileSystem,
  executedFileUnlinked,
  hiddenExecutable,
  kernelThreadDisguise,
  loaderRunByHand,
  newProgramInContainer,
} from './rules/odd-programs.ts'
import {
  deviceRuleChanged,
  scheduledTaskChanged,
  shellProfileChanged,
  sshAccessChanged,
  startupScriptChanged,
  systemdUnitChanged,
} from './rules/persistence.ts'
import { preloadFromWritableFolder, setIdExploit, shellWithSetIdRights } from './rules/privileges.ts'
import { reverseShell, reverseShellByInterpreter, reverseShellByNetcat } from './rules/reverse-shells.ts'
import { cloudCredentialsOpened, passwordHashesOpened, privateKeyOpened, sudoersOpened } from './rules/secrets.ts'
import { reconFromWebServer, shellFromDatabase, shellFromJavaServer, shellFromWebServer } from './rules/server-shells.ts'
import {
  downloadFromServer,
  serviceAccountShell,
  shellFromNetworkService,
  sshFromServer,
  temporaryProgramFromServer,
} from './rules/servers.ts'
import { caStoreChanged, packagesChanged, preloadChanged, setIdBitSet, systemFileChanged } from './rules/system-files.ts'
import { fileMadeImmutable, historyRemoved, logCleared } from './rules/traces.ts'

const rules: readonly AnyRule[] = [
  shellFromWebServer,
  reconFromWebServer,
  shellFromDatabase,
  shellFromJavaServer,
  reverseShell,
  reverseShellByNetcat,
  reverseShellByInterpreter,
  execFromMemory,
  execFromMemoryFileSystem,
  executedFileUnlinked,
  hiddenExecutable,
  kernelThreadDisguise,
  loaderRunByHand,
  commandBeyondSight,
  newProgramInContainer,
  decoderPipedToShell,
  downloadPipedToShell,
  credentialSearch,
  passwordFileRead,
  preloadFromWritableFolder,
  setIdExploit,
  shellWithSetIdRights,
  cryptominer,
  securityToolStopped,
  passwordHashesOpened,
  privateKeyOpened,
  cloudCredentialsOpened,
  sudoersOpened,
  scheduledTaskChanged,
  systemdUnitChanged,
  sshAccessChanged,
  startupScriptChanged,
  shellProfileChanged,
  deviceRuleChanged,
  accountFileEdited,
  accountChanged,
  sudoersChanged,
  pamChanged,
  preloadChanged,
  systemFileChanged,
  caStoreChanged,
  setIdBitSet,
  packagesChanged,
  logCleared,
  historyRemoved,
  fileMadeImmutable,
  inlineCodeFetched,
  inlineCodeDecoded,
  installScriptNetworkTool,
  temporaryProgramFromServer,
  downloadFromServer,
  sshFromServer,
  shellFromNetworkService,
  serviceAccountShell,
  sshTunnelOpened,
  tunnelProgram,
  torStarted,
  listenerByHand,
  secretSentAway,
  pasteSiteContacted,
  cloudCopyTool,
  dnsTunnel,
  daemonDisguise,
  deceptiveName,
  timestampForged,
  historySwitchedOff,
  kernelLogCleared,
  processHiddenByMount,
  firewallSwitchedOff,
  strangeModuleLoaded,
  kernelHookWritten,
  kernelProtectionWeakened,
  kernelReplaced,
  cpuRegistersWritten,
  hostNamespaceEntered,
  hostDiskInContainer,
  containerSocketUsed,
  privilegedContainerStarted,
  shellInContainer,
  packagesInContainer,
  containerClientInContainer,
]

export { watched } from './watched.ts'

/** The rules that come with CWS. */
export const defaults: RulePack = { name: '@cws/rules-default', rules, detections: [secretsGathered] }

export default defaults
