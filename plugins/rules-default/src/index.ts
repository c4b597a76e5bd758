import type { AnyRule, RulePack } from '@cws/core'
import { credentialSearch, passwordFileRead } from './rules/credentials.ts'
import { decoderPipedToShell, downloadPipedToShell } from './rules/droppers.ts'
import { cryptominer, securityToolStopped } from './rules/impact.ts'
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
import { preloadFromWritableFolder, setIdExploit, shellWithSetIdRights } from './rules/privileges.ts'
import { reverseShell, reverseShellByInterpreter, reverseShellByNetcat } from './rules/reverse-shells.ts'
import { reconFromWebServer, shellFromDatabase, shellFromJavaServer, shellFromWebServer } from './rules/server-shells.ts'

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
]

/** The rules that come with CWS. */
export const defaults: RulePack = { name: '@cws/rules-default', rules }

export default defaults
