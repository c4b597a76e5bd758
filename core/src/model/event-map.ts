import type { accept } from './events/accept.ts'
import type { agentConfigRejected } from './events/agent-config-rejected.ts'
import type { agentLostEvents } from './events/agent-lost-events.ts'
import type { agentPluginFault } from './events/agent-plugin-fault.ts'
import type { agentRulesetLoaded } from './events/agent-ruleset-loaded.ts'
import type { bind } from './events/bind.ts'
import type { bpf } from './events/bpf.ts'
import type { capabilities } from './events/capabilities.ts'
import type { capset } from './events/capset.ts'
import type { cgroupWrite } from './events/cgroup-write.ts'
import type { change } from './events/change.ts'
import type { chdir } from './events/chdir.ts'
import type { chmod } from './events/chmod.ts'
import type { chown } from './events/chown.ts'
import type { connect } from './events/connect.ts'
import type { dns } from './events/dns.ts'
import type { exec } from './events/exec.ts'
import type { exit } from './events/exit.ts'
import type { fork } from './events/fork.ts'
import type { imds } from './events/imds.ts'
import type { link } from './events/link.ts'
import type { loadModule } from './events/load-module.ts'
import type { mkdir } from './events/mkdir.ts'
import type { mmap } from './events/mmap.ts'
import type { mount } from './events/mount.ts'
import type { mprotect } from './events/mprotect.ts'
import type { networkFlowMonitor } from './events/network-flow-monitor.ts'
import type { open } from './events/open.ts'
import type { packet } from './events/packet.ts'
import type { prctl } from './events/prctl.ts'
import type { ptrace } from './events/ptrace.ts'
import type { removexattr } from './events/removexattr.ts'
import type { rename } from './events/rename.ts'
import type { rmdir } from './events/rmdir.ts'
import type { selinux } from './events/selinux.ts'
import type { setgid } from './events/setgid.ts'
import type { setrlimit } from './events/setrlimit.ts'
import type { setsockopt } from './events/setsockopt.ts'
import type { setuid } from './events/setuid.ts'
import type { setxattr } from './events/setxattr.ts'
import type { signal } from './events/signal.ts'
import type { splice } from './events/splice.ts'
import type { sysctl } from './events/sysctl.ts'
import type { unlink } from './events/unlink.ts'
import type { unloadModule } from './events/unload-module.ts'
import type { utimes } from './events/utimes.ts'

/** All event types by name. Plugins add theirs: `declare module '@cws/core' { interface EventMap { usb: typeof usb } }`. */
export interface EventMap {
  exec: typeof exec
  fork: typeof fork
  exit: typeof exit
  open: typeof open
  change: typeof change
  accept: typeof accept
  bind: typeof bind
  bpf: typeof bpf
  capabilities: typeof capabilities
  capset: typeof capset
  cgroup_write: typeof cgroupWrite
  chdir: typeof chdir
  chmod: typeof chmod
  chown: typeof chown
  connect: typeof connect
  dns: typeof dns
  imds: typeof imds
  link: typeof link
  load_module: typeof loadModule
  mkdir: typeof mkdir
  mmap: typeof mmap
  mount: typeof mount
  mprotect: typeof mprotect
  network_flow_monitor: typeof networkFlowMonitor
  packet: typeof packet
  prctl: typeof prctl
  ptrace: typeof ptrace
  removexattr: typeof removexattr
  rename: typeof rename
  rmdir: typeof rmdir
  selinux: typeof selinux
  setgid: typeof setgid
  setrlimit: typeof setrlimit
  setsockopt: typeof setsockopt
  setuid: typeof setuid
  setxattr: typeof setxattr
  signal: typeof signal
  splice: typeof splice
  sysctl: typeof sysctl
  unlink: typeof unlink
  unload_module: typeof unloadModule
  utimes: typeof utimes
  'agent.lost_events': typeof agentLostEvents
  'agent.config_rejected': typeof agentConfigRejected
  'agent.ruleset_loaded': typeof agentRulesetLoaded
  'agent.plugin_fault': typeof agentPluginFault
}

export type EventType = keyof EventMap & string
