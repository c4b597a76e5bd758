import type { EventDefinition } from './define-event.ts'
import { accept } from './events/accept.ts'
import { agentConfigRejected } from './events/agent-config-rejected.ts'
import { agentLostEvents } from './events/agent-lost-events.ts'
import { agentPluginFault } from './events/agent-plugin-fault.ts'
import { agentRulesetLoaded } from './events/agent-ruleset-loaded.ts'
import { bind } from './events/bind.ts'
import { bpf } from './events/bpf.ts'
import { capabilities } from './events/capabilities.ts'
import { capset } from './events/capset.ts'
import { cgroupWrite } from './events/cgroup-write.ts'
import { change } from './events/change.ts'
import { chdir } from './events/chdir.ts'
import { chmod } from './events/chmod.ts'
import { chown } from './events/chown.ts'
import { connect } from './events/connect.ts'
import { dns } from './events/dns.ts'
import { exec } from './events/exec.ts'
import { exit } from './events/exit.ts'
import { fork } from './events/fork.ts'
import { imds } from './events/imds.ts'
import { link } from './events/link.ts'
import { loadModule } from './events/load-module.ts'
import { mkdir } from './events/mkdir.ts'
import { mmap } from './events/mmap.ts'
import { mount } from './events/mount.ts'
import { mprotect } from './events/mprotect.ts'
import { networkFlowMonitor } from './events/network-flow-monitor.ts'
import { open } from './events/open.ts'
import { packet } from './events/packet.ts'
import { prctl } from './events/prctl.ts'
import { ptrace } from './events/ptrace.ts'
import { removexattr } from './events/removexattr.ts'
import { rename } from './events/rename.ts'
import { rmdir } from './events/rmdir.ts'
import { selinux } from './events/selinux.ts'
import { setgid } from './events/setgid.ts'
import { setrlimit } from './events/setrlimit.ts'
import { setsockopt } from './events/setsockopt.ts'
import { setuid } from './events/setuid.ts'
import { setxattr } from './events/setxattr.ts'
import { signal } from './events/signal.ts'
import { splice } from './events/splice.ts'
import { sysctl } from './events/sysctl.ts'
import { unlink } from './events/unlink.ts'
import { unloadModule } from './events/unload-module.ts'
import { utimes } from './events/utimes.ts'

/** The event types that core declares, whether or not a sensor of this host feeds them. */
export const standardEvents: readonly EventDefinition[] = [
  exec,
  fork,
  exit,
  open,
  change,
  accept,
  bind,
  bpf,
  capabilities,
  capset,
  cgroupWrite,
  chdir,
  chmod,
  chown,
  connect,
  dns,
  imds,
  link,
  loadModule,
  mkdir,
  mmap,
  mount,
  mprotect,
  networkFlowMonitor,
  packet,
  prctl,
  ptrace,
  removexattr,
  rename,
  rmdir,
  selinux,
  setgid,
  setrlimit,
  setsockopt,
  setuid,
  setxattr,
  signal,
  splice,
  sysctl,
  unlink,
  unloadModule,
  utimes,
  agentLostEvents,
  agentConfigRejected,
  agentRulesetLoaded,
  agentPluginFault,
]
