import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openDrain, openObject, tracepointParameters } from '@cws/native'
import { root } from '../../tests/support/agent.ts'

/** Records what the kernel tells while `work` runs, as the agent would get it. The copy starts on an 8-byte boundary. Needs root and a build. */
async function record(work: () => void): Promise<Buffer> {
  const parts: Buffer[] = []
  const object = openObject('process.bpf.o')
  object.setConstant('cws_exit_has_group_dead', tracepointParameters('sched_process_exit') >= 2)
  object.setMaxEntries('cws_ring', 16 * 1024 * 1024)
  object.load()
  const drain = openDrain({ onRecords: (queue, start, end) => parts.push(Buffer.from(queue.bytes.subarray(start, end))) })
  try {
    drain.addRing(object)
    object.attach()
    work()
    object.detach()
    await new Promise((resolve) => setTimeout(resolve, 300))
  } finally {
    drain.close()
    object.close()
  }
  const batch = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) at += part.copy(batch, at)
  return batch
}

/** So many times the same small program, which is given no environment. */
export function recordStorm(execs: number): Promise<Buffer> {
  return record(() => {
    const { status } = spawnSync(join(root, 'tests/generators/.output/exec_storm'), [String(execs)])
    if (status !== 0) throw new Error('exec_storm failed')
  })
}

/** Of a log-in by ssh, as Debian's sshd and PAM set it. The one of whoever runs the benchmark is another each time, and npm's twice as long. */
const LOG_IN = {
  SHELL: '/bin/bash',
  PWD: '/root',
  LOGNAME: 'root',
  XDG_SESSION_TYPE: 'tty',
  HOME: '/root',
  LANG: 'C.UTF-8',
  SSH_CONNECTION: '192.0.2.10 52544 192.0.2.20 22',
  XDG_SESSION_CLASS: 'user',
  TERM: 'xterm-256color',
  USER: 'root',
  SHLVL: '1',
  XDG_SESSION_ID: '3',
  XDG_RUNTIME_DIR: '/run/user/0',
  SSH_CLIENT: '192.0.2.10 52544 22',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/0/bus',
  SSH_TTY: '/dev/pts/0',
}

/** Work of an administrator and of a build, as often as told: some forty programs, from shells, make, find, xargs and git, with arguments that differ. */
export function recordWork(times: number): Promise<Buffer> {
  return record(() => {
    for (let i = 0; i < times; i++) spawnSync('/bin/bash', ['-c', WORK], { cwd: root, env: { ...LOG_IN, I: String(i) } })
  })
}

const WORK = `
for f in README.md package.json ARCHITECTURE.md; do
  head -n 3 "$f" | tr a-z A-Z | sort | uniq -c | wc -l
  grep -n "core-$I" "$f"; sed -n "1,$((I + 2))p" "$f" | cut -c 1-40 | tail -n 2
  stat -c %s "$f"; basename "$f" .md; dirname "$PWD/$f"; cat "$f" | md5sum
  sh -c "test -f $f && cp $f /dev/null; date +%s; awk '{ n += NF } END { print n }' $f"
done
find core/src/model -maxdepth 1 -name '*.ts' -exec wc -c {} ';'
ls -la plugins | awk '{ print $9 }' | xargs -n 2 echo item-$I
printf 'all: a b c\\na b c:\\n\\t@sh -c "expr $I + 1; ls $@.c 2>/dev/null; true"\\n' | make -s -f -
git --no-pager log -1 --format=%h; git status --short --untracked-files=no | head -n 1
env TASK=$I nice -n 1 sh -c 'id -u; uname -r; readlink /proc/self/exe; seq 3 | paste -sd, -'
perl -e 'print 1' ; timeout 5 sleep 0; mktemp -u; du -s docs | cut -f 1; diff README.md README.md; od -c package.json | head -n 1
`
