import { AUDIT_IDS, CAPABILITIES } from '../constants/process.ts'
import { bool, int, int64, iterated, path, string, strings } from '../field.ts'
import { cgroupBlock } from './cgroup.ts'
import { fileBlock } from './file.ts'
import { userSessionBlock } from './user-session.ts'

/** A process image. SECL's process block, and what it has no word for. */
export const processBlock = {
  pid: int('Process id (thread group), initial pid namespace'),
  tid: int('Thread id'),
  ppid: int('Process id of the parent'),
  uid: int('Real user id'),
  gid: int('Real group id'),
  euid: int('Effective user id'),
  egid: int('Effective group id'),
  fsuid: int('File system user id'),
  fsgid: int('File system group id'),
  user: string('Name of the real user on the host'),
  group: string('Name of the real group on the host'),
  euser: string('Name of the effective user on the host'),
  egroup: string('Name of the effective group on the host'),
  fsuser: string('Name of the file system user on the host'),
  fsgroup: string('Name of the file system group on the host'),
  auid: int('Login user id of the audit subsystem: who logged in, whatever su and sudo did since; 4294967295 if unset', {
    constants: AUDIT_IDS,
  }),
  cap_effective: int64('Effective capabilities, a mask', { constants: CAPABILITIES }),
  cap_permitted: int64('Permitted capabilities, a mask', { constants: CAPABILITIES }),
  caps_attempted: int64('Capabilities that the process has tried to use so far, a mask', { constants: CAPABILITIES }),
  caps_used: int64('Capabilities that the process has used so far, a mask', { constants: CAPABILITIES }),
  created_at: int64('Start of this image, ns since the epoch'),
  comm: string('Name of the task; a process can set it to anything'),
  argv0: string('First argument: the name that the program was called by'),
  args: string('Arguments after argv0, joined by one space'),
  argv: strings('Arguments after argv0'),
  args_flags: strings('Flags among the arguments, without their dashes: of `-ab --all` `a`, `b`, `ab` and `all`', {
    derived: { by: 'flags', from: 'argv' },
  }),
  args_options: strings('Options with their values: of `--to=1 --from 2 -n 3` `to=1`, `from=2` and `n=3`', {
    derived: { by: 'options', from: 'argv' },
  }),
  args_truncated: bool('Arguments were longer than the sensor keeps'),
  envs: strings('Names of the environment variables; values only for those on the allow-list'),
  envp: strings('Environment as `NAME=value` where the value is kept, else the name alone'),
  envs_truncated: bool('The environment was longer than the sensor keeps'),
  cwd: path('Working directory'),
  tty_name: string('Controlling terminal, empty if there is none'),
  sid: int('Session id'),
  audit_session: int('Session id of the audit subsystem; 4294967295 if unset'),
  is_thread: bool('Always false for an exec; true where a thread acted that is no process of its own'),
  is_exec: bool('The process has executed a program since it was forked'),
  is_kworker: bool('A kernel thread'),
  same_pid: bool('Among ancestors: an earlier image of the same process, before it executed another program'),
  certainty: string('How sure the author of the event is: `exact`, `window` or `unknown`'),
  package_manager: string(
    'Package manager that the process works for, by what stands above it and the lock that it holds: `dpkg`, `rpm`, `apk`, `pacman`, `snap`, `npm`; empty if none',
  ),
  ns: {
    pid: int('Process id in its own pid namespace'),
    mnt: int('Mount namespace, inode number'),
    pidns: int('Pid namespace, inode number'),
    net: int('Network namespace, inode number'),
    user: int('User namespace, inode number'),
  },
  cgroup: cgroupBlock,
  user_session: userSessionBlock,
  container: { id: string('Container id from the control group; empty on the host') },
  file: fileBlock,
  interpreter: { file: fileBlock },
} as const

/** A process with those above it. */
export const processContext = {
  ...processBlock,
  parent: processBlock,
  ancestors: iterated('How many ancestors are known', processBlock),
} as const
