/** What a host does all day, for real, under the whole pack: packages are installed, databases start, cron and people log in. Nobody is to hear of it. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DebianHost } from '../support/debian-host.ts'
import { Registry } from '../support/registry.ts'
import { nested } from '../support/vantage.ts'

const PATIENT = 900_000
/** Their maintainer scripts do what those of most do: they make accounts, units, keys, caches, alternatives. */
const PACKAGES = [
  'cron',
  'openssh-server',
  'git',
  'build-essential',
  'python3-venv',
  'logrotate',
  'rsyslog',
  'sudo',
  'redis-server',
  'postgresql',
] as const
const NODE_PROJECT = `{ "name": "shop", "version": "1.0.0", "scripts": { "postinstall": "node -e 0", "test": "sh -c true" } }`
const NODE_LOCK = `{ "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "shop", "version": "1.0.0" } } }`
const LOOK_AROUND = `w; last -n 3; ps aux; ss -tln; df -h; mount; id; ls -la /etc /root /var/log; cat /etc/passwd; grep -r PATH /etc/profile.d;
  find / -xdev -name "*.log" -size +1M; getent passwd; sudo -l; sudo -u nobody id; sysctl -a; dmesg; top -b -n 1; uptime; true`
/** Port of the server that people log in to. */
const PORT = 22022

const missing = ['debootstrap', 'unshare', 'nsenter'].filter((program) => spawnSync(program, ['--version']).error)
const able = missing.length === 0 && process.getuid?.() === 0 && !nested() && process.env['CWS_TEST_LONG']

interface Row {
  readonly id: string
  readonly rule: { readonly id: string }
  readonly severity: string
  readonly message: string
  readonly event: { readonly process?: { readonly ns?: { readonly mnt?: number } } }
}

describe.skipIf(!able)('a working day', () => {
  let registry: Registry
  let host: DebianHost
  const known = new Set<string>()
  let deeds = 0

  const listed = async () =>
    (await host.sh('cws signals list --limit 1000 --format json')).split('\n').flatMap((line) => (line ? [JSON.parse(line) as Row] : []))

  /** Works, and names what is told of it above low. */
  const work = async (command: string): Promise<string[]> => {
    const failed = await host.sh(command).catch((error: Error) => error)
    // What comes after all of it has been judged: the signal of a deed that comes last.
    const last = `/dev/shm/last-deed-${deeds++}`
    await host.sh(`cp /bin/true ${last} && ${last} && rm ${last}`)
    let rows: Row[] = []
    for (const end = Date.now() + 60_000; !rows.some(({ event }) => JSON.stringify(event).includes(last)); ) {
      rows = await listed()
      if (Date.now() > end) throw new Error('what was done last is not told')
    }
    if (failed instanceof Error) throw failed
    const news = rows.filter(
      ({ id, severity, event }) =>
        // Who is not known may have been there.
        [undefined, host.mounts].includes(event.process?.ns?.mnt) &&
        !known.has(id) &&
        !['info', 'low'].includes(severity) &&
        !JSON.stringify(event).includes('/dev/shm/last-deed'),
    )
    for (const { id } of rows) known.add(id)
    return news.map(({ severity, rule, message }) => `${severity} ${rule.id}: ${message}`)
  }

  beforeAll(async () => {
    registry = await Registry.start()
    const prepare = [
      'npm install -g @cws/agent',
      'apt-get update -qq',
      `apt-get install -qq --no-install-recommends --download-only ${PACKAGES.join(' ')}`,
      // What an administrator set up before the agent came: a job.
      'mkdir -p /etc/cron.d && echo "* * * * * root cd / && run-parts --report /etc/cron.hourly; date >/run/cron-ran" >/etc/cron.d/often',
    ]
    host = await DebianHost.of('bookworm', prepare.join(' && '), { NPM_CONFIG_REGISTRY: registry.url, NPM_CONFIG_UPDATE_NOTIFIER: 'false' })
    host.start('exec cws run >/var/log/cws.log 2>&1')
    await host.sh('until cws status >/dev/null 2>&1; do sleep 0.2; done')
  }, PATIENT)

  afterAll(async () => {
    host?.[Symbol.dispose]()
    await registry?.[Symbol.asyncDispose]()
  })

  it.each(PACKAGES)(
    'is quiet while %s is installed',
    async (name) => {
      expect(await work(`apt-get install -y --no-install-recommends ${name}`)).toEqual([])
    },
    PATIENT,
  )

  it.each([
    [
      'a database starts and works',
      `pg_lsclusters -h | grep -q . || pg_createcluster 15 main; pg_ctlcluster 15 main start && su postgres -c "createdb shop && psql -c 'select 1' shop && pg_dump shop"`,
    ],
    ['another database starts', 'redis-server --daemonize yes --port 16379 && redis-cli -p 16379 ping'],
    ['cron runs', 'rm -f /run/cron-ran; cron; until [ -s /run/cron-ran ]; do sleep 1; done'],
    [
      'a program is compiled',
      'mkdir /root/c && cd /root/c && echo "int main(void) { return 0; }" >a.c && echo "all: a" >Makefile && make && ./a',
    ],
    [
      'a repository is cloned',
      'cd /root && git init -q shop && git -C shop -c user.name=a -c user.email=a@b commit -q --allow-empty -m a && git clone -q shop copy',
    ],
    [
      'a Python environment is made and used',
      'cd /root && python3 -m venv .venv && .venv/bin/pip list && .venv/bin/python -c "import base64, ssl"',
    ],
    [
      'npm ci runs',
      `mkdir /root/node && cd /root/node && echo '${NODE_PROJECT}' >package.json && echo '${NODE_LOCK}' >package-lock.json && npm ci --offline --no-audit --no-fund && npm test`,
    ],
    ['logs are written and rotated', 'rsyslogd && logger hello && logrotate -f /etc/logrotate.conf'],
    ['an administrator looks around', LOOK_AROUND],
    [
      'packages are installed anew and removed',
      'apt-get install -y --reinstall --no-download cron && apt-get purge -y redis-server && apt-get autoremove -y',
    ],
  ])(
    'is quiet while %s',
    async (_, command) => {
      expect(await work(command)).toEqual([])
    },
    PATIENT,
  )

  it(
    'is quiet when people log in by ssh',
    async () => {
      // The key is a change of its own, of which people are to hear.
      const key =
        'mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519 && cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys'
      expect((await work(key)).join()).toContain('ssh-access-changed')
      const accept = '-o StrictHostKeyChecking=accept-new'
      const ssh = `ssh ${accept} -p ${PORT} root@127.0.0.1`
      const copy = `scp ${accept} -P ${PORT} /etc/hostname root@127.0.0.1:/tmp/copy`
      expect(
        await work(
          `mkdir -p /run/sshd && /usr/sbin/sshd -o ListenAddress=127.0.0.1:${PORT} && ${ssh} id && ${ssh} -tt 'ls -la; exit' && ${copy}`,
        ),
      ).toEqual([])
    },
    PATIENT,
  )
})
